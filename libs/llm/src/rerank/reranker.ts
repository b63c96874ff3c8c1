/** Judges how well texts answer a query: slower and better than searching, so for the best candidates only. */
export abstract class Reranker {
  abstract readonly model: string;
  /** How many candidates are worth judging. */
  abstract readonly topN: number;

  /**
   * A relevance of 0 to 1 for each text, in their order.
   * @throws DomainError `timeout`, `provider_error`, `provider_rate_limited`, `service_unavailable`; the signal's reason
   * on abort
   */
  abstract rerank(query: string, texts: readonly string[], signal: AbortSignal): Promise<number[]>;
}

export interface RerankOptions {
  /** Of a server with `/rerank` as Cohere, Jina, vLLM and Text Embeddings Inference have it; none: no reranking. */
  baseUrl?: string | undefined;
  model: string;
  apiKey?: string | undefined;
  topN: number;
  timeoutMs: number;
}
