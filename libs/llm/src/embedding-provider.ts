import { type BreakerState } from './chat-provider.js';

export interface EmbeddingOptions {
  signal?: AbortSignal | undefined;
}

export interface EmbeddingResult {
  /** One per text, in their order, each of length 1 (L2). */
  vectors: Float32Array[];
  promptTokens: number;
}

export interface EmbeddingBatch extends EmbeddingResult {
  /** Position of the batch's first text: after a failure go on with `texts.slice(offset + vectors.length)`. */
  offset: number;
}

/** Texts to vectors. One provider serves one model, hence one embedding space. */
export abstract class EmbeddingProvider {
  abstract readonly name: string;
  abstract readonly model: string;
  abstract readonly state: BreakerState;

  /** Length of the vectors; asks the endpoint once where neither configuration nor the model's name tells. */
  abstract dimensions(): Promise<number>;

  /**
   * All texts or nothing; for a query or a few texts, served before bulk work.
   * @throws DomainError `invalid_request` | `context_length_exceeded` (with `param`: `input[i]`) | `model_not_found` |
   *   `provider_error` | `provider_rate_limited` | `timeout` | `service_unavailable`
   */
  abstract embed(texts: string[], options?: EmbeddingOptions): Promise<EmbeddingResult>;

  /** Bulk work: each batch as soon as it is done, so that a failure loses one batch and not all of them. */
  abstract embedBatches(texts: string[], options?: EmbeddingOptions): AsyncGenerator<EmbeddingBatch>;
}
