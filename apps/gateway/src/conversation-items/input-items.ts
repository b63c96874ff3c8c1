import { type ChatMessage, CHAT_ROLES, type ChatRole, DomainError, type ToolCall } from '@parley/contracts';

type Fields = Record<string, unknown>;

const MAX_ITEMS = 2_048;
const MESSAGE_ROLES: readonly unknown[] = CHAT_ROLES.filter((role) => role !== 'tool');
/** What clients send back of an earlier answer and no model needs again. */
const PASSED_OVER = ['reasoning', 'file_search_call', 'mcp_call'];

/**
 * OpenAI's input items, or a text, as messages. Calls of functions that follow each other are one message.
 * @throws DomainError `invalid_request`, `unsupported_parameter`, both naming the item
 */
export function inputMessages(input: unknown, param: string): ChatMessage[] {
  if (typeof input === 'string') return [{ role: 'user', content: input }];
  if (!Array.isArray(input) || input.length > MAX_ITEMS)
    throw invalid(param, `must be a text or a list of at most ${MAX_ITEMS} items`);
  const messages: ChatMessage[] = [];
  for (const [index, item] of input.entries()) {
    const at = `${param}.${index}`;
    if (!isFields(item)) throw invalid(at, 'must be an object');
    const previous = messages.at(-1);
    if (item.type !== 'function_call') messages.push(...messageOf(item, at));
    else if (previous?.toolCalls) previous.toolCalls.push(callOf(item, at));
    else messages.push({ role: 'assistant', content: null, toolCalls: [callOf(item, at)] });
  }
  return messages;
}

function messageOf(item: Fields, at: string): ChatMessage[] {
  const { type = 'message' } = item;
  if (type === 'message') return [{ role: roleOf(item, at), content: contentOf(item.content, `${at}.content`) }];
  if (type === 'function_call_output') {
    const toolCallId = textIn(item, 'call_id', at);
    return [{ role: 'tool', content: outputOf(item.output, `${at}.output`), toolCallId }];
  }
  if (PASSED_OVER.includes(String(type))) return [];
  throw unsupported(`${at}.type`);
}

function roleOf({ role }: Fields, at: string): ChatRole {
  if (MESSAGE_ROLES.includes(role)) return role as ChatRole;
  throw invalid(`${at}.role`, `must be one of ${MESSAGE_ROLES.join(', ')}`);
}

function callOf(item: Fields, at: string): ToolCall {
  const called = { name: textIn(item, 'name', at), arguments: textIn(item, 'arguments', at) };
  return { id: textIn(item, 'call_id', at), type: 'function', function: called };
}

function contentOf(content: unknown, at: string): ChatMessage['content'] {
  if (typeof content === 'string') return content;
  if (!Array.isArray(content)) throw invalid(at, 'must be a text or a list of parts');
  const parts = content.map((part, index) => partOf(part, `${at}.${index}`));
  const [only] = parts;
  return parts.length === 1 && only?.['type'] === 'text' ? (only['text'] as string) : parts;
}

function partOf(part: unknown, at: string): Fields {
  if (!isFields(part)) throw invalid(at, 'must be an object');
  switch (part.type) {
    case 'input_text':
    case 'output_text':
    case 'text':
      return { type: 'text', text: textIn(part, 'text', at) };
    case 'refusal':
      return { type: 'text', text: textIn(part, 'refusal', at) };
    case 'input_image':
      return { type: 'image_url', image_url: { url: textIn(part, 'image_url', at), detail: part.detail ?? 'auto' } };
    case 'input_file':
      return { type: 'file', file: { file_data: part.file_data, file_id: part.file_id, filename: part.filename } };
    default:
      throw unsupported(`${at}.type`);
  }
}

/** A text, or the texts of parts: results of functions are nothing else here. */
function outputOf(output: unknown, at: string): string {
  const content = contentOf(output, at);
  if (typeof content === 'string') return content;
  const other = (content ?? []).findIndex((part) => part['type'] !== 'text');
  if (other !== -1) throw unsupported(`${at}.${other}.type`);
  return (content ?? []).map((part) => part['text']).join('\n');
}

function textIn(fields: Fields, name: string, at: string): string {
  const text = fields[name];
  if (typeof text === 'string') return text;
  throw invalid(`${at}.${name}`, 'must be a text');
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function invalid(param: string, what: string): DomainError {
  return new DomainError('invalid_request', `${param} ${what}.`, { param });
}

function unsupported(param: string): DomainError {
  return new DomainError('unsupported_parameter', `${param} is not supported with this value.`, { param });
}
