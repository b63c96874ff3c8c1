import { Injectable, Logger } from '@nestjs/common';
import { DomainError, type ErrorCode } from '@parley/contracts';
import { type EmbeddingSpace } from '@parley/knowledge';
import { EmbeddingProviders } from '@parley/llm';
import { counter } from '@parley/observability';

const degraded = counter(
  'parley_retrieval_degraded_total',
  'Searches by words alone, because the queries could not be embedded',
);

/** What the provider gets for the queries, so that time is left to search by words and to answer. */
const EMBEDDING_PATIENCE_MS = 5_000;
/** A query that is too long for the model belongs here too, as does a model that is gone: words still find. */
const NO_EMBEDDING: ReadonlySet<ErrorCode> = new Set([
  'provider_error',
  'provider_rate_limited',
  'timeout',
  'service_unavailable',
  'context_length_exceeded',
  'model_not_found',
]);

/** Queries as vectors, in whichever embedding spaces they are to be compared. */
@Injectable()
export class QueryEmbedder {
  readonly #logger = new Logger(QueryEmbedder.name);

  constructor(private readonly providers: EmbeddingProviders) {}

  /**
   * Each space's vectors of the queries, all spaces at the same time. A space whose model fails or takes too long is
   * left out: words alone find most of it, and an answer beats an error.
   */
  async embed(
    queries: string[],
    spaces: readonly EmbeddingSpace[],
    signal: AbortSignal,
  ): Promise<Map<string, Float32Array[]>> {
    if (queries.length === 0 || spaces.length === 0) return new Map();
    const embedded = await Promise.all(
      spaces.map(async (space) => [space.id, await this.#embed(queries, space, signal)] as const),
    );
    const known = embedded.flatMap(([id, vectors]) => (vectors === null ? [] : [[id, vectors] as const]));
    if (known.length < embedded.length) degraded.inc();
    return new Map(known);
  }

  async #embed(queries: string[], space: EmbeddingSpace, signal: AbortSignal): Promise<Float32Array[] | null> {
    const patience = AbortSignal.timeout(EMBEDDING_PATIENCE_MS);
    try {
      const provider = this.providers.of(space);
      return (await provider.embed(queries, { signal: AbortSignal.any([signal, patience]) })).vectors;
    } catch (error) {
      const isOutage = patience.aborted || (error instanceof DomainError && NO_EMBEDDING.has(error.code));
      if (signal.aborted || !isOutage) throw error;
      const reason = error instanceof Error ? error.message : String(error);
      this.#logger.warn(`Searching by words alone what ${space.model} embedded: ${reason}`);
      return null;
    }
  }
}
