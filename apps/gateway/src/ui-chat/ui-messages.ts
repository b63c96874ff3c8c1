import { type ChatMessage, DomainError, parseId, type ToolCall } from '@parley/contracts';
import { type UiMessageBody, type UiPart } from './ui-chat.request.js';

interface ToolPart {
  toolCallId: string;
  name: string;
  part: UiPart;
}

/** Messages of the AI SDK as the model knows them: each step of an answer is a message, and so is each result of a tool. */
export function chatMessages(messages: readonly UiMessageBody[]): ChatMessage[] {
  return messages.flatMap((message, index) =>
    message.role === 'assistant' ? answerMessages(message.parts) : said(message, `messages.${index}`),
  );
}

/** The results that a client adds to the last step of an answer, for the model to go on with. */
export function toolResults({ parts }: UiMessageBody): ChatMessage[] {
  return resultsOf(stepsOf(parts).at(-1) ?? []);
}

/** The stored message behind a message of the client's: of an answer in several steps the last one. */
export function storedMessageId({ id, metadata }: UiMessageBody): string | null {
  const ours = isFields(metadata) && isFields(metadata['parley']) ? metadata['parley']['message_id'] : null;
  return parseId('message', typeof ours === 'string' ? ours : id);
}

/** As it is stored of a message of the user. */
export function textOf({ parts }: UiMessageBody): string {
  return parts.flatMap((part) => (part.type === 'text' ? [String(part['text'] ?? '')] : [])).join('\n');
}

function said({ role, parts }: UiMessageBody, at: string): ChatMessage[] {
  const content = parts.flatMap((part, index) => contentPart(part, `${at}.parts.${index}`));
  if (content.length === 0) throw new DomainError('invalid_request', `${at} says nothing.`, { param: `${at}.parts` });
  const isText = content.every((part) => part['type'] === 'text');
  return [{ role, content: isText ? content.map((part) => part['text']).join('\n') : content }];
}

function contentPart(part: UiPart, at: string): Record<string, unknown>[] {
  if (part.type === 'text') return [{ type: 'text', text: textIn(part, 'text', at) }];
  if (part.type !== 'file') return [];
  const url = textIn(part, 'url', at);
  const { mediaType, filename } = part;
  return String(mediaType).startsWith('image')
    ? [{ type: 'image_url', image_url: { url } }]
    : [{ type: 'file', file: { file_data: url, ...(typeof filename === 'string' ? { filename } : {}) } }];
}

function answerMessages(parts: UiPart[]): ChatMessage[] {
  return stepsOf(parts).flatMap((step) => {
    const text = step.flatMap((part) => (part.type === 'text' ? [String(part['text'] ?? '')] : [])).join('');
    const toolCalls = toolParts(step).map(toolCall);
    if (text === '' && toolCalls.length === 0) return [];
    const answer: ChatMessage = { role: 'assistant', content: text === '' ? null : text };
    return toolCalls.length === 0 ? [answer] : [{ ...answer, toolCalls }, ...resultsOf(step)];
  });
}

function stepsOf(parts: UiPart[]): UiPart[][] {
  const steps: UiPart[][] = [[]];
  for (const part of parts) {
    if (part.type === 'step-start') steps.push([]);
    else steps.at(-1)!.push(part);
  }
  return steps.filter((step) => step.length > 0);
}

function resultsOf(step: UiPart[]): ChatMessage[] {
  return toolParts(step).flatMap(({ toolCallId, part }) => {
    if (part['state'] === 'output-available') return [{ role: 'tool', content: asText(part['output']), toolCallId }];
    if (part['state'] === 'output-error') return [{ role: 'tool', content: asText(part['errorText']), toolCallId }];
    return [];
  });
}

/** What Parley has run itself is no call that the client answers. */
function toolParts(step: UiPart[]): ToolPart[] {
  return step.flatMap((part) => {
    const name = part.type === 'dynamic-tool' ? part['toolName'] : /^tool-(.+)$/.exec(part.type)?.[1];
    const { toolCallId } = part;
    const isCall = typeof name === 'string' && typeof toolCallId === 'string' && part['providerExecuted'] !== true;
    return isCall ? [{ toolCallId, name, part }] : [];
  });
}

function toolCall({ toolCallId: id, name, part }: ToolPart): ToolCall {
  return { id, type: 'function', function: { name, arguments: JSON.stringify(part['input'] ?? {}) } };
}

function asText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value ?? null);
}

function textIn(part: UiPart, name: string, at: string): string {
  const text = part[name];
  if (typeof text === 'string') return text;
  throw new DomainError('invalid_request', `${at}.${name} must be a text.`, { param: `${at}.${name}` });
}

function isFields(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
