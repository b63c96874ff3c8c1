import { createHash } from 'node:crypto';
import { type ChatMessage } from '@parley/llm';

/** 32 bytes. */
export type HistoryHash = Buffer;

/**
 * SHA-256 chained over what users and assistants said: equal hashes mean equal histories. Surrounding white space does not
 * count, because clients trim; instructions and tool results do not count either.
 * @param previous of the history before `messages`; null when there is none
 */
export function extendHistoryHash(previous: HistoryHash | null, messages: readonly ChatMessage[]): HistoryHash | null {
  let hash = previous;
  for (const message of messages) {
    if (message.role !== 'user' && message.role !== 'assistant') continue;
    hash = createHash('sha256')
      .update(hash ?? '')
      .update(JSON.stringify(fingerprint(message)))
      .digest();
  }
  return hash;
}

function fingerprint({ role, content, toolCalls = [] }: ChatMessage): unknown[] {
  const parts = typeof content === 'string' ? [{ type: 'text', text: content }] : content;
  const said = parts.map((part) => (part.type === 'text' ? part.text?.trim() : part)).filter((part) => part !== '');
  return [role, said, toolCalls.map(({ id, name, arguments: args }) => [id, name, args])];
}
