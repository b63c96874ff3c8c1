import { createHash } from 'node:crypto';
import { type OpenAI } from 'openai';
import { type BreakerState } from '../chat-provider.js';
import {
  type EmbeddingBatch,
  type EmbeddingOptions,
  EmbeddingProvider,
  type EmbeddingResult,
} from '../embedding-provider.js';
import { type LlmObserver } from '../llm-observer.js';
import { type ResolvedLlmOptions } from '../llm-options.js';
import { traceHeaders } from '../llm-span.js';
import { meteredEmbedding } from '../metered-embedding.js';
import { ProviderFailure } from '../policy/provider-failure.js';
import { ProviderPolicy } from '../policy/provider-policy.js';
import { sharedTokenBucket, type TokenBucket } from '../policy/token-bucket.js';
import { Watchdog } from '../policy/watchdog.js';
import { BATCH_LIMITS, type BatchLimits, type InputBatch, inputBatches } from './embedding-batches.js';
import { knownDimensions, readVectors, supportsDimensions } from './openai-embedding.js';
import { createOpenAiClient, dialectOf } from './openai-client.js';
import { toProviderFailure } from './openai-failure.js';

/** Bulk work leaves this share of the rate limit to queries. */
const QUERY_SHARE = 0.1;
/** One batch takes at most this share of a minute's tokens, so that nobody waits long behind it. */
const BATCH_SHARE = 0.25;
const PAUSE_WITHOUT_WISH_MS = 1_000;

interface Lane {
  reserve: number;
  maxWaitMs: number;
}

/** Embeddings of any OpenAI-compatible endpoint. */
export class OpenAiEmbeddingProvider extends EmbeddingProvider {
  readonly name = 'openai';
  readonly model: string;
  readonly #client: OpenAI;
  readonly #policy: ProviderPolicy;
  readonly #bucket: TokenBucket;
  readonly #limits: BatchLimits;
  #dimensions: number | undefined;

  constructor(
    private readonly options: ResolvedLlmOptions,
    private readonly observer: LlmObserver = {},
  ) {
    super();
    this.model = options.embeddingModel;
    this.#dimensions = options.embeddingDimensions ?? knownDimensions(options.embeddingModel);
    this.#client = createOpenAiClient(options);
    this.#bucket = sharedTokenBucket(accountOf(options), options.embeddingTokensPerMinute);
    const maxTokens = Math.min(BATCH_LIMITS.maxTokens, options.embeddingTokensPerMinute * BATCH_SHARE);
    this.#limits = { ...BATCH_LIMITS, maxTokens };
    this.#policy = new ProviderPolicy(options, {
      stateChanged: (state) => observer.breakerChanged?.({ operation: 'embedding', provider: this.name, state }),
    });
  }

  get state(): BreakerState {
    return this.#policy.state;
  }

  async dimensions(): Promise<number> {
    if (this.#dimensions === undefined) await this.embed(['dimensions']);
    return this.#dimensions!;
  }

  async embed(texts: string[], options: EmbeddingOptions = {}): Promise<EmbeddingResult> {
    const lane = { reserve: 0, maxWaitMs: this.options.embeddingQueueTimeoutMs / 10 };
    const result: EmbeddingResult = { vectors: [], promptTokens: 0 };
    for await (const batch of this.#batches(texts, lane, options)) {
      result.vectors.push(...batch.vectors);
      result.promptTokens += batch.promptTokens;
    }
    return result;
  }

  embedBatches(texts: string[], options: EmbeddingOptions = {}): AsyncGenerator<EmbeddingBatch> {
    const reserve = this.#bucket.tokensPerMinute * QUERY_SHARE;
    return this.#batches(texts, { reserve, maxWaitMs: this.options.embeddingQueueTimeoutMs }, options);
  }

  async *#batches(texts: string[], lane: Lane, { signal }: EmbeddingOptions): AsyncGenerator<EmbeddingBatch> {
    const cancelled = signal ?? new AbortController().signal;
    const call = { operation: 'embedding', provider: this.name, model: this.model } as const;
    for await (const batch of inputBatches(texts, this.model, this.#limits)) {
      const result = await meteredEmbedding(() => this.#embed(batch, lane, cancelled), {
        call,
        signal: cancelled,
        observer: this.observer,
      });
      yield { offset: batch.offset, ...result };
    }
  }

  async #embed(batch: InputBatch, lane: Lane, signal: AbortSignal): Promise<EmbeddingResult> {
    await this.#bucket.take(batch.tokens, { ...lane, signal });
    const leave = await this.#policy.admit(signal);
    try {
      return await this.#policy.run(() => this.#request(batch, signal), signal);
    } finally {
      leave();
    }
  }

  async #request(batch: InputBatch, signal: AbortSignal): Promise<EmbeddingResult> {
    const watchdog = new Watchdog();
    watchdog.expect(this.options.embeddingTimeoutMs, 'The embedding model did not answer');
    const either = AbortSignal.any([signal, watchdog.signal]);
    try {
      const response = await this.#client.embeddings.create(this.#params(batch.texts), {
        signal: either,
        ...traceHeaders(),
      });
      const vectors = readVectors(response.data, batch.texts.length);
      this.#checkDimensions(vectors);
      return { vectors, promptTokens: response.usage?.prompt_tokens || batch.tokens };
    } catch (error) {
      either.throwIfAborted();
      const failure = toProviderFailure(error, { model: this.model, apiKey: this.options.openaiApiKey });
      if (failure.code === 'provider_rate_limited') this.#bucket.pause(failure.retryAfterMs ?? PAUSE_WITHOUT_WISH_MS);
      throw failure;
    } finally {
      watchdog.rest();
    }
  }

  #params(input: string[]): OpenAI.EmbeddingCreateParams {
    const { embeddingDimensions } = this.options;
    return {
      model: this.model,
      input,
      encoding_format: dialectOf(this.options).embeddingEncoding,
      ...(embeddingDimensions !== undefined && supportsDimensions(this.model)
        ? { dimensions: embeddingDimensions }
        : {}),
    };
  }

  /** A model that changes its dimensions would poison the embedding space. */
  #checkDimensions(vectors: Float32Array[]): void {
    for (const { length } of vectors) {
      this.#dimensions ??= length;
      if (length === this.#dimensions) continue;
      throw new ProviderFailure(
        'provider_error',
        `The embedding model ${this.model} gave ${length} dimensions instead of ${this.#dimensions}.`,
      );
    }
  }
}

/** Rate limits belong to a key at an endpoint; the key itself is kept out of the bucket's name. */
function accountOf(options: ResolvedLlmOptions): string {
  const key = createHash('sha256')
    .update(options.openaiApiKey ?? '')
    .digest('base64');
  return `${options.openaiBaseUrl ?? ''} ${key}`;
}
