import { DomainError } from '@parley/contracts';
import { type Span, tracedStream } from '@parley/observability';
import { type ChatChunk, type ChatRequest, type FinishReason, type Usage } from './chat-provider.js';
import { type LlmCall, type LlmObserver, type LlmOutcome } from './llm-observer.js';
import { spanOf, usageAttributes } from './llm-span.js';
import { countRequestTokens } from './tokens/message-tokens.js';
import { countTokens } from './tokens/tokenizer.js';

export interface MeteredRunOptions {
  call: LlmCall;
  request: ChatRequest;
  signal: AbortSignal;
  observer: LlmObserver;
}

/**
 * Gives a provider's chunks the ending that ChatProvider promises, counts the tokens that the provider did not tell, and
 * reports the run. A reader who leaves before the end has cancelled it.
 */
export function meteredRun(chunks: AsyncIterable<ChatChunk>, options: MeteredRunOptions): AsyncIterable<ChatChunk> {
  return tracedStream(...spanOf(options.call), (span) => metered(chunks, options, span));
}

async function* metered(
  chunks: AsyncIterable<ChatChunk>,
  { call, request, signal, observer }: MeteredRunOptions,
  span: Span | undefined,
): AsyncGenerator<ChatChunk> {
  const meter = new RunMeter(call, request, observer);
  let finishReason: FinishReason = 'cancelled';
  let outcome: LlmOutcome = 'cancelled';
  let failure: unknown;
  try {
    for await (const chunk of chunks) {
      if (chunk.type === 'finish') finishReason = chunk.finishReason;
      else if (chunk.type === 'usage') meter.told = chunk.usage;
      else if (chunk.type !== 'origin') {
        meter.count(chunk);
        yield chunk;
      }
    }
    outcome = 'completed';
  } catch (error) {
    if (!signal.aborted) outcome = error instanceof DomainError ? error.code : 'internal_error';
    failure = error;
  } finally {
    meter.finish(outcome);
    span?.set({ ...usageAttributes(meter.usage), 'parley.outcome': outcome });
  }
  const failed = outcome !== 'completed' && outcome !== 'cancelled';
  if (!failed) yield { type: 'finish', finishReason };
  if (!failed || meter.hasBegun) yield { type: 'usage', usage: meter.usage };
  if (failed) throw failure;
}

class RunMeter {
  readonly #startedAt = performance.now();
  readonly #answer: string[] = [];
  /** By the provider. */
  told: Usage | undefined;
  usage: Usage = { promptTokens: 0, completionTokens: 0, estimated: true };

  constructor(
    private readonly call: LlmCall,
    private readonly request: ChatRequest,
    private readonly observer: LlmObserver,
  ) {
    observer.requestStarted?.(call);
  }

  get hasBegun(): boolean {
    return this.#answer.length > 0;
  }

  get #seconds(): number {
    return (performance.now() - this.#startedAt) / 1_000;
  }

  count(chunk: Extract<ChatChunk, { type: 'text' | 'tool_call' }>): void {
    if (!this.hasBegun) this.observer.firstToken?.({ ...this.call, seconds: this.#seconds });
    this.#answer.push(chunk.type === 'text' ? chunk.text : (chunk.name ?? '') + chunk.argumentsDelta);
  }

  /** Providers do not charge for what they refused, but they do for what was cancelled. */
  finish(outcome: LlmOutcome): void {
    const seconds = this.#seconds;
    const charged = this.hasBegun || outcome === 'completed' || outcome === 'cancelled';
    if (this.told) this.usage = this.told;
    else if (charged) this.usage = this.#estimate();
    this.observer.finished?.({ ...this.call, outcome, seconds, usage: this.usage });
  }

  #estimate(): Usage {
    return {
      promptTokens: countRequestTokens(this.request),
      completionTokens: countTokens(this.#answer.join(''), this.call.model),
      estimated: true,
    };
  }
}
