/** What a request to the stub carried and what became of it. */
export interface RecordedRequest {
  route: 'chat' | 'embeddings' | 'models' | 'speech';
  path: string;
  headers: Record<string, string | string[] | undefined>;
  body: Record<string, unknown>;
  /** Content tokens written so far. */
  tokensSent: number;
  /** The client went away before the answer was complete. */
  aborted: boolean;
}

/** Something a provider does wrong. */
export type Fault =
  | { kind: 'status'; status: number; retryAfterSeconds?: number; message?: string }
  | { kind: 'hang-before-headers' }
  | { kind: 'hang-mid-stream'; afterTokens: number }
  | { kind: 'cut-mid-stream'; afterTokens: number };

/** A function that the model wants to be called. */
export interface ScriptedToolCall {
  id: string;
  name: string;
  /** JSON; in a stream it comes in two fragments. */
  arguments: string;
}

/** What the stub answers to a chat request: the tokens, one delta each in a stream, and their pace. */
export interface PacedAnswer {
  tokens: string[];
  /** After the tokens; the answer then ends with `tool_calls`. */
  toolCalls?: ScriptedToolCall[];
  /** Pause between two tokens. */
  intervalMs?: number;
  /** Pause before the first token, after the headers. */
  firstTokenDelayMs?: number;
  fault?: Fault;
}

/** A text is cut into tokens before each space. */
export type Reply = string | string[] | PacedAnswer;

/** A fixed reply, or one made for each request. */
export type Answer = Reply | ((request: RecordedRequest) => Reply);

export function resolveAnswer(answer: Answer, request: RecordedRequest): PacedAnswer {
  const reply = typeof answer === 'function' ? answer(request) : answer;
  if (typeof reply === 'string') return { tokens: tokenize(reply) };
  return Array.isArray(reply) ? { tokens: reply } : reply;
}

/** Lossless: the tokens joined are the text. */
export function tokenize(text: string): string[] {
  return text.match(/\s*\S+|\s+$/g) ?? [];
}

/** The default answer repeats the last user message, so that a spec can tell answers apart. */
export function echo(request: RecordedRequest): string {
  const messages = Array.isArray(request.body['messages']) ? (request.body['messages'] as unknown[]) : [];
  const last = messages.filter((message) => isRecord(message) && message['role'] === 'user').at(-1);
  return `You said: ${isRecord(last) ? textOf(last['content']) : ''}`;
}

/** Plain text of a message's content, which is a string or a list of parts. */
export function textOf(content: unknown): string {
  if (typeof content === 'string') return content;
  if (!Array.isArray(content)) return '';
  return content.map((part) => (isRecord(part) && typeof part['text'] === 'string' ? part['text'] : '')).join('');
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
