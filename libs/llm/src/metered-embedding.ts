import { DomainError } from '@parley/contracts';
import { traced } from '@parley/observability';
import { type EmbeddingResult } from './embedding-provider.js';
import { type LlmCall, type LlmObserver, type LlmOutcome } from './llm-observer.js';
import { spanOf } from './llm-span.js';

export interface MeteredEmbeddingOptions {
  call: LlmCall;
  signal: AbortSignal;
  observer: LlmObserver;
}

/** Reports one embedding request. */
export async function meteredEmbedding(
  embed: () => Promise<EmbeddingResult>,
  { call, signal, observer }: MeteredEmbeddingOptions,
): Promise<EmbeddingResult> {
  const startedAt = performance.now();
  const finish = (outcome: LlmOutcome, promptTokens: number): void =>
    observer.finished?.({
      ...call,
      outcome,
      seconds: (performance.now() - startedAt) / 1_000,
      usage: { promptTokens, completionTokens: 0, estimated: false },
    });
  observer.requestStarted?.(call);
  try {
    const result = await traced(...spanOf(call), async (span) => {
      const embedded = await embed();
      span?.set({ 'gen_ai.usage.input_tokens': embedded.promptTokens });
      return embedded;
    });
    finish('completed', result.promptTokens);
    return result;
  } catch (error) {
    const code = error instanceof DomainError ? error.code : 'internal_error';
    finish(signal.aborted ? 'cancelled' : code, 0);
    throw error;
  }
}
