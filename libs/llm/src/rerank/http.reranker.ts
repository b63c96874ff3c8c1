import type OpenAI from 'openai';
import { LLM_DEFAULTS, resolveLlmOptions } from '../llm-options.js';
import { createOpenAiClient } from '../openai/openai-client.js';
import { toProviderFailure } from '../openai/openai-failure.js';
import { ProviderFailure } from '../policy/provider-failure.js';
import { ProviderPolicy } from '../policy/provider-policy.js';
import { Watchdog } from '../policy/watchdog.js';
import { Reranker, type RerankOptions } from './reranker.js';

const RETRY_DELAY_MS = 100;

/** `POST /rerank {model, query, documents, top_n}` → `{results: [{index, relevance_score}]}`. */
export class HttpReranker extends Reranker {
  readonly model: string;
  readonly topN: number;
  readonly #client: OpenAI;
  readonly #policy: ProviderPolicy;

  constructor(private readonly options: RerankOptions & { baseUrl: string }) {
    super();
    this.model = options.model;
    this.topN = options.topN;
    this.#client = createOpenAiClient(
      resolveLlmOptions({
        openaiBaseUrl: options.baseUrl,
        openaiApiKey: options.apiKey,
        model: options.model,
        embeddingModel: options.model,
        overallTimeoutMs: options.timeoutMs,
      }),
    );
    // One more try, for a connection that had gone stale: a search that waits is worse than one in the order it has.
    const retries = { maxRetries: 1, retryDelayMs: RETRY_DELAY_MS, maxRetryAfterMs: RETRY_DELAY_MS };
    this.#policy = new ProviderPolicy({ ...LLM_DEFAULTS, ...retries, queueTimeoutMs: options.timeoutMs });
  }

  async rerank(query: string, texts: readonly string[], signal: AbortSignal): Promise<number[]> {
    const watchdog = new Watchdog();
    watchdog.expect(this.options.timeoutMs, 'The reranker did not answer');
    const either = AbortSignal.any([signal, watchdog.signal]);
    try {
      const leave = await this.#policy.admit(either);
      try {
        return await this.#policy.run(() => this.#request(query, texts, either), either);
      } finally {
        leave();
      }
    } finally {
      watchdog.rest();
    }
  }

  async #request(query: string, documents: readonly string[], signal: AbortSignal): Promise<number[]> {
    try {
      const body = { model: this.model, query, documents, top_n: documents.length, return_documents: false };
      return relevanceOf(await this.#client.post('/rerank', { body, signal }), documents.length);
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      throw toProviderFailure(error, { model: this.model, apiKey: this.options.apiKey });
    }
  }
}

interface Judgement {
  index: number;
  relevance_score: number;
}

function relevanceOf(reply: unknown, count: number): number[] {
  const { results } = (reply ?? {}) as { results?: unknown };
  const relevance = new Array<number | undefined>(count).fill(undefined);
  for (const { index, relevance_score } of Array.isArray(results) ? (results as Judgement[]) : []) {
    if (Number.isInteger(index) && index >= 0 && index < count && Number.isFinite(relevance_score)) {
      relevance[index] = Math.min(1, Math.max(0, relevance_score));
    }
  }
  if (!relevance.every((score) => score !== undefined)) {
    throw new ProviderFailure('provider_error', 'The reranker did not judge every text.', { outage: true });
  }
  return relevance;
}
