import { type Metadata } from '@parley/contracts';
import { type CompletionBody } from './completion.request.js';
import { type CompletionMessageBody } from './completion-message.request.js';

/** What a stored completion shows of its request, besides the messages that a conversation keeps. */
export interface CompletionRecord {
  /** System and developer messages at the beginning; they stand in no conversation. */
  instructions: Pick<CompletionMessageBody, 'role' | 'content'>[];
  settings: Record<string, unknown>;
}

const SETTINGS = [
  'temperature',
  'top_p',
  'max_completion_tokens',
  'presence_penalty',
  'frequency_penalty',
  'seed',
  'stop',
  'response_format',
  'reasoning_effort',
  'tools',
  'tool_choice',
] as const satisfies readonly (keyof CompletionBody)[];

/** Only what the client asked to store can be asked for again. */
export function completionRecord(body: CompletionBody): {
  record?: { kind: 'completion'; request: object & Metadata };
} {
  if (body.store !== true) return {};
  const beginning = body.messages.findIndex(({ role }) => role !== 'system' && role !== 'developer');
  const instructions = body.messages.slice(0, beginning).map(({ role, content }) => ({ role, content }));
  const given = SETTINGS.map((name) => [name, body[name] ?? null]).filter(([, value]) => value !== null);
  const request: CompletionRecord = { instructions, settings: Object.fromEntries(given) };
  return { record: { kind: 'completion', request: { ...request } as never } };
}
