import type { ServerResponse } from 'node:http';
import { isRecord, textOf, tokenize, type PacedAnswer, type RecordedRequest, type ScriptedToolCall } from './script.js';

type FinishReason = 'stop' | 'length' | 'tool_calls';

/** Writes the answer in the form the request asks for: server-sent chunks or one completion. */
export async function sendCompletion(
  request: RecordedRequest,
  answer: PacedAnswer,
  response: ServerResponse,
): Promise<void> {
  const limit = tokenLimit(request.body);
  const tokens = answer.tokens.slice(0, limit);
  const finishReason = finishReasonOf(answer, tokens);
  if (request.body['stream'] === true) return stream(request, { ...answer, tokens }, finishReason, response);
  const pauses = Math.max(0, tokens.length - 1);
  if (!(await pause((answer.firstTokenDelayMs ?? 0) + (answer.intervalMs ?? 0) * pauses, response))) return;
  request.tokensSent = tokens.length;
  const calls = answer.toolCalls?.map(toolCall);
  const message = { role: 'assistant', content: tokens.join(''), refusal: null, ...(calls && { tool_calls: calls }) };
  const choices = [{ index: 0, message, logprobs: null, finish_reason: finishReason }];
  const body = { ...envelope(request, 'chat.completion'), choices, usage: usage(request, tokens.length) };
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

async function stream(
  request: RecordedRequest,
  { tokens, toolCalls = [], intervalMs = 0, firstTokenDelayMs = 0, fault }: PacedAnswer,
  finishReason: FinishReason,
  response: ServerResponse,
): Promise<void> {
  const base = envelope(request, 'chat.completion.chunk');
  const options = request.body['stream_options'];
  const includesUsage = isRecord(options) && options['include_usage'] === true;
  const send = (choices: unknown[], usageOrNull: object | null = null) => {
    const chunk = { ...base, choices, ...(includesUsage && { usage: usageOrNull }) };
    response.write(`data: ${JSON.stringify(chunk)}\n\n`);
  };
  const choice = (delta: object, reason: FinishReason | null = null) => [
    { index: 0, delta, logprobs: null, finish_reason: reason },
  ];
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' });
  response.flushHeaders();
  for (const [index, token] of tokens.entries()) {
    if (!(await pause(index === 0 ? firstTokenDelayMs : intervalMs, response))) return;
    if (breaks(fault, index, response)) return;
    if (index === 0) send(choice({ role: 'assistant', content: '' }));
    send(choice({ content: token }));
    request.tokensSent++;
  }
  if (breaks(fault, tokens.length, response)) return;
  if (tokens.length === 0) send(choice({ role: 'assistant', content: null }));
  for (const [index, call] of toolCalls.entries()) {
    for (const fragment of fragmentsOf(call)) send(choice({ tool_calls: [{ index, ...fragment }] }));
  }
  send(choice({}, finishReason));
  if (includesUsage) send([], usage(request, tokens.length));
  response.end('data: [DONE]\n\n');
}

function finishReasonOf(answer: PacedAnswer, tokens: string[]): FinishReason {
  if (tokens.length < answer.tokens.length) return 'length';
  return answer.toolCalls?.length ? 'tool_calls' : 'stop';
}

function toolCall({ id, name, arguments: json }: ScriptedToolCall): object {
  return { id, type: 'function', function: { name, arguments: json } };
}

/** Id and name stand in the first one alone, as OpenAI sends them. */
function fragmentsOf(call: ScriptedToolCall): object[] {
  const half = Math.ceil(call.arguments.length / 2);
  const rest = { function: { arguments: call.arguments.slice(half) } };
  return [toolCall({ ...call, arguments: call.arguments.slice(0, half) }), rest];
}

/** Waits; false when the client went away before or meanwhile. */
async function pause(durationMs: number, response: ServerResponse): Promise<boolean> {
  if (durationMs > 0 && !response.destroyed) {
    await new Promise<void>((resolve) => {
      const end = () => {
        clearTimeout(timer);
        response.off('close', end);
        resolve();
      };
      const timer = setTimeout(end, durationMs);
      response.once('close', end);
    });
  }
  return !response.destroyed;
}

/** True when the fault strikes before the token of this index; hanging leaves the connection open. */
function breaks(fault: PacedAnswer['fault'], index: number, response: ServerResponse): boolean {
  if (fault?.kind !== 'hang-mid-stream' && fault?.kind !== 'cut-mid-stream') return false;
  if (index < fault.afterTokens) return false;
  if (fault.kind === 'cut-mid-stream') response.socket?.end();
  return true;
}

function tokenLimit(body: Record<string, unknown>): number {
  const limit = body['max_completion_tokens'] ?? body['max_tokens'];
  return typeof limit === 'number' ? limit : Infinity;
}

let completions = 0;

function envelope(request: RecordedRequest, object: string): object {
  const created = Math.floor(Date.now() / 1000);
  return { id: `chatcmpl-stub-${++completions}`, object, created, model: request.body['model'] };
}

function usage(request: RecordedRequest, completionTokens: number): object {
  const messages = Array.isArray(request.body['messages']) ? (request.body['messages'] as unknown[]) : [];
  const texts = messages.map((message) => (isRecord(message) ? textOf(message['content']) : ''));
  const promptTokens = texts.reduce((sum, text) => sum + tokenize(text).length, 0);
  return {
    prompt_tokens: promptTokens,
    completion_tokens: completionTokens,
    total_tokens: promptTokens + completionTokens,
  };
}
