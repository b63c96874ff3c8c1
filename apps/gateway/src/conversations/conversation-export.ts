import { type MessageView } from '@parley/contracts';
import { type ConversationExport } from './conversation-care.service.js';
import { conversationObject } from './conversation.view.js';
import { messageObject } from './message.view.js';

/** One JSON object, in pieces: the conversation with its messages. */
export async function* jsonExport({ conversation, messages }: ConversationExport): AsyncGenerator<string> {
  const head = JSON.stringify(conversationObject(conversation));
  yield `${head.slice(0, -1)},"messages":[`;
  let separator = '';
  for await (const message of messages) {
    yield `${separator}\n${JSON.stringify(messageObject(message))}`;
    separator = ',';
  }
  yield '\n]}\n';
}

/** A document for people, in pieces: who said what, and what it rests on. */
export async function* markdownExport({ conversation, messages }: ConversationExport): AsyncGenerator<string> {
  yield `# ${oneLine(conversation.title ?? 'Conversation')}\n`;
  for await (const message of messages) {
    if (message.content !== '' || message.annotations.length > 0) yield markdownOf(message);
  }
}

function markdownOf({ role, content, model, createdAt, status, annotations }: MessageView): string {
  const who = role === 'assistant' ? `Assistant${model === null ? '' : ` (${oneLine(model)})`}` : capitalised(role);
  const ending = status === 'completed' ? '' : `\n\n*(${status})*`;
  const sources = annotations.map(({ filename, quote }) => `> ${oneLine(quote)}\n> — ${oneLine(filename)}`);
  const cited = sources.length === 0 ? '' : `\n\n${[...new Set(sources)].join('\n\n')}`;
  return `\n## ${who}, ${createdAt.slice(0, 16).replace('T', ' ')} UTC\n\n${content}${ending}${cited}\n`;
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}

function capitalised(role: string): string {
  return role.charAt(0).toUpperCase() + role.slice(1);
}
