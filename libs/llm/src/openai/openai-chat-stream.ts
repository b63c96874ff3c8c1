import { type OpenAI } from 'openai';
import { type ChatChunk, type FinishReason, type Usage } from '../chat-provider.js';
import { type ResolvedLlmOptions } from '../llm-options.js';
import { traceHeaders } from '../llm-span.js';
import { ProviderFailure } from '../policy/provider-failure.js';
import { Watchdog } from '../policy/watchdog.js';
import { Beat } from './beat.js';
import { readEvents } from './openai-events.js';

type ChunkEvent = OpenAI.ChatCompletionChunk;
type Delta = Partial<ChunkEvent['choices'][number]['delta']> & {
  reasoning_content?: string | null;
  reasoning?: string | null;
};

/** After the finish reason only the usage is missing; it is not worth a long wait. */
const USAGE_GRACE_MS = 3_000;
/** Once they have begun, all answers of a process go on at this beat: no eye reads faster, and what comes after has less to do. */
const BEAT = new Beat(40);

/**
 * One HTTP request, read to its end: text and tool calls as they come, then the finish and, if it was told, the usage.
 * Time is limited only while the provider is to act, not while the reader is.
 * @throws what the SDK throws, or the reason of `signal`
 */
export async function* readChatStream(
  client: OpenAI,
  params: OpenAI.ChatCompletionCreateParamsStreaming,
  timers: Pick<ResolvedLlmOptions, 'firstContentTimeoutMs' | 'idleTimeoutMs'>,
  signal: AbortSignal,
): AsyncGenerator<ChatChunk> {
  const watchdog = new Watchdog();
  const either = AbortSignal.any([signal, watchdog.signal]);
  let finish: FinishReason | undefined;
  let usage: Usage | undefined;
  let hasBegun = false;
  try {
    watchdog.expect(timers.firstContentTimeoutMs, 'The language model did not begin to answer');
    const response = await client.chat.completions.create(params, { signal: either, ...traceHeaders() }).asResponse();
    for await (const events of readEvents<ChunkEvent>(response, () => (hasBegun ? BEAT : undefined))) {
      const deltas: Delta[] = [];
      for (const event of events) {
        usage = toUsage(event) ?? usage;
        finish = toFinishReason(event) ?? finish;
        const delta: Delta | undefined = event.choices?.[0]?.delta;
        if (delta && hasContent(delta)) deltas.push(delta);
      }
      if (deltas.length === 0) {
        if (finish) watchdog.expect(USAGE_GRACE_MS, 'The language model did not end its answer');
        continue;
      }
      watchdog.rest();
      hasBegun = true;
      yield* joined(deltas.flatMap(toChunks));
      if (finish) watchdog.expect(USAGE_GRACE_MS, 'The language model did not end its answer');
      else watchdog.expect(timers.idleTimeoutMs, 'The language model did not go on with its answer');
    }
    either.throwIfAborted();
  } catch (error) {
    signal.throwIfAborted();
    if (!finish) throw either.aborted ? either.reason : error;
  } finally {
    watchdog.rest();
  }
  if (!finish) throw endedEarly();
  yield { type: 'finish', finishReason: finish };
  if (usage) yield { type: 'usage', usage };
}

function endedEarly(): ProviderFailure {
  return new ProviderFailure(
    'provider_error',
    'The language model provider ended the stream before the answer was complete.',
    { retryable: true, outage: true },
  );
}

/** Reasoning is not shown, but it proves that the model is at work. */
function hasContent(delta: Delta): boolean {
  return Boolean(
    delta.content || delta.refusal || delta.tool_calls?.length || delta.reasoning_content || delta.reasoning,
  );
}

type ContentChunk = Extract<ChatChunk, { type: 'text' | 'tool_call' }>;

function toChunks(delta: Delta): ContentChunk[] {
  const text = (delta.content ?? '') + (delta.refusal ?? '');
  const calls = (delta.tool_calls ?? []).map((call, position): ContentChunk => ({
    type: 'tool_call',
    index: call.index ?? position,
    ...(call.id ? { id: call.id } : {}),
    ...(call.function?.name ? { name: call.function.name } : {}),
    argumentsDelta: call.function?.arguments ?? '',
  }));
  return text ? [{ type: 'text', text }, ...calls] : calls;
}

/** Texts that follow one another are one: all that comes after has less to do. */
function* joined(chunks: ContentChunk[]): Generator<ContentChunk> {
  let text = '';
  for (const chunk of chunks) {
    if (chunk.type === 'text') {
      text += chunk.text;
      continue;
    }
    if (text) yield { type: 'text', text };
    text = '';
    yield chunk;
  }
  if (text) yield { type: 'text', text };
}

function toFinishReason(event: ChunkEvent): FinishReason | undefined {
  const reason = event.choices?.[0]?.finish_reason;
  switch (reason) {
    case null:
    case undefined:
      return undefined;
    case 'length':
    case 'content_filter':
    case 'tool_calls':
      return reason;
    case 'function_call':
      return 'tool_calls';
    case 'stop':
    default:
      return reason ? 'stop' : undefined;
  }
}

function toUsage({ usage }: ChunkEvent): Usage | undefined {
  if (typeof usage?.prompt_tokens !== 'number' || typeof usage.completion_tokens !== 'number') return undefined;
  const cachedTokens = usage.prompt_tokens_details?.cached_tokens;
  const reasoningTokens = usage.completion_tokens_details?.reasoning_tokens;
  return {
    promptTokens: usage.prompt_tokens,
    completionTokens: usage.completion_tokens,
    ...(typeof cachedTokens === 'number' ? { cachedTokens } : {}),
    ...(typeof reasoningTokens === 'number' ? { reasoningTokens } : {}),
    estimated: false,
  };
}
