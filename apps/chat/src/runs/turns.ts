import { type ChatMessage } from '@parley/llm';

/** The text of a message; images, audio and files have none. */
export function textOf({ content }: Pick<ChatMessage, 'content'>): string {
  if (typeof content === 'string') return content;
  return content.flatMap((part) => (part.type === 'text' ? [part.text] : [])).join('\n');
}

export function lastUserText(messages: readonly ChatMessage[]): string {
  const message = messages.findLast(({ role }) => role === 'user');
  return message ? textOf(message) : '';
}

function isInstruction({ role }: ChatMessage): boolean {
  return role === 'system' || role === 'developer';
}

/** Instructions that stand before the talk begins, and the talk. */
export function splitInstructions(messages: readonly ChatMessage[]): {
  instructions: ChatMessage[];
  talk: ChatMessage[];
} {
  const start = messages.findIndex((message) => !isInstruction(message));
  if (start < 0) return { instructions: [...messages], talk: [] };
  return { instructions: messages.slice(0, start), talk: messages.slice(start) };
}

/** A turn begins with a message of the user and holds all that follows until the next one. */
export function splitTurns<Message extends Pick<ChatMessage, 'role'>>(talk: readonly Message[]): Message[][] {
  const turns: Message[][] = [];
  for (const message of talk) {
    const turn = turns.at(-1);
    if (turn && message.role !== 'user') turn.push(message);
    else turns.push([message]);
  }
  return turns;
}

/** The part of a client's history that was answered, and what is new since; without instructions. */
export function splitAtLastAnswer(messages: readonly ChatMessage[]): {
  answered: ChatMessage[];
  added: ChatMessage[];
} {
  const talk = messages.filter((message) => !isInstruction(message));
  const added = talk.findLastIndex(({ role }) => role === 'assistant') + 1;
  return { answered: talk.slice(0, added), added: talk.slice(added) };
}

/** Without calls of tools that nobody answered, results that nobody asked for, and empty answers: providers refuse them. */
export function withoutDanglingCalls(talk: readonly ChatMessage[]): ChatMessage[] {
  const answered = new Set(talk.flatMap(({ role, toolCallId }) => (role === 'tool' && toolCallId ? [toolCallId] : [])));
  const isComplete = ({ toolCalls = [] }: ChatMessage) => toolCalls.every(({ id }) => answered.has(id));
  const asked = new Set(talk.filter(isComplete).flatMap(({ toolCalls = [] }) => toolCalls.map(({ id }) => id)));
  return talk.filter((message) => {
    if (message.role === 'tool') return asked.has(message.toolCallId ?? '');
    return isComplete(message) && !isEmptyAnswer(message);
  });
}

/** Of a model that said nothing, or of a run that died before it did. */
function isEmptyAnswer({ role, content, toolCalls = [] }: ChatMessage): boolean {
  return role === 'assistant' && content === '' && toolCalls.length === 0;
}
