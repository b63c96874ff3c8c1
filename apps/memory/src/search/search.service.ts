import { Injectable, Logger } from '@nestjs/common';
import {
  DomainError,
  type ErrorCode,
  type SearchHit,
  type SearchReply,
  type SearchRequest,
  type TenantContext,
} from '@parley/contracts';
import { type EmbeddingSpace, type KnowledgeHit, KnowledgeSearch } from '@parley/knowledge';
import { EmbeddingProvider } from '@parley/llm';
import { counter, histogram } from '@parley/observability';
import { SearchRepository } from './search.repository.js';

const stages = histogram('parley_retrieval_stage_seconds', 'Time of a stage of a search', ['stage']);
const degraded = counter(
  'parley_retrieval_degraded_total',
  'Searches by words alone, because the queries could not be embedded',
);

/** What the provider gets for the queries, so that time is left to search by words and to answer. */
const EMBEDDING_PATIENCE_MS = 5_000;
/** A query that is too long for the model belongs here too: its words still find. */
const NO_EMBEDDING: ReadonlySet<ErrorCode> = new Set([
  'provider_error',
  'provider_rate_limited',
  'timeout',
  'service_unavailable',
  'context_length_exceeded',
]);

@Injectable()
export class SearchService {
  readonly #logger = new Logger(SearchService.name);

  constructor(
    private readonly scopes: SearchRepository,
    private readonly provider: EmbeddingProvider,
    private readonly knowledge: KnowledgeSearch,
  ) {}

  /**
   * The best hits of all queries together, each chunk once with its best score.
   * @throws DomainError `not_found` when one of the knowledge bases is not the tenant's; `invalid_request` for a
   * malformed filter
   */
  async search(tenant: TenantContext, request: SearchRequest, signal: AbortSignal): Promise<SearchReply> {
    const scopes = await this.scopes.scopes(tenant, request.knowledgeBaseIds);
    if (scopes.length < new Set(request.knowledgeBaseIds).size)
      throw DomainError.notFound('vector store', 'vector_store_ids');
    const queries = request.queries.filter((query) => query.trim() !== '');
    const spaces = scopes.flatMap(({ space }) => (space?.model === this.provider.model ? [space] : []));
    const vectors = spaces.length > 0 ? await this.#embed(queries, signal) : null;
    const stopTimer = stages.startTimer({ stage: 'search' });
    const found = await Promise.all(
      queries.map((text, index) =>
        this.knowledge.search(tenant, {
          knowledgeBaseIds: request.knowledgeBaseIds,
          text,
          embedding: comparable(vectors?.[index], spaces),
          limit: request.maxResults,
          filter: request.filter,
          scoreThreshold: request.scoreThreshold,
        }),
      ),
    );
    stopTimer();
    return { hits: best(found, request.maxResults) };
  }

  /** Null when that fails or takes too long: words alone find most of it, and an answer beats an error. */
  async #embed(queries: string[], signal: AbortSignal): Promise<Float32Array[] | null> {
    if (queries.length === 0) return [];
    const stopTimer = stages.startTimer({ stage: 'embed' });
    const patience = AbortSignal.timeout(EMBEDDING_PATIENCE_MS);
    try {
      return (await this.provider.embed(queries, { signal: AbortSignal.any([signal, patience]) })).vectors;
    } catch (error) {
      const isOutage = patience.aborted || (error instanceof DomainError && NO_EMBEDDING.has(error.code));
      if (signal.aborted || !isOutage) throw error;
      degraded.inc();
      this.#logger.warn(`Searching by words alone: ${error instanceof Error ? error.message : String(error)}`);
      return null;
    } finally {
      stopTimer();
    }
  }
}

/** Vectors of another model or length cannot be compared with the query's: what has such is searched by words. */
function comparable(
  vector: Float32Array | undefined,
  spaces: EmbeddingSpace[],
): { vector: Float32Array; space: EmbeddingSpace } | undefined {
  const space = spaces.find(({ dimensions }) => dimensions === vector?.length);
  return vector && space && { vector, space };
}

function best(found: KnowledgeHit[][], limit: number): SearchHit[] {
  const byChunk = new Map<string, KnowledgeHit>();
  for (const hit of found.flat()) {
    const known = byChunk.get(hit.chunkId);
    if (!known || known.score < hit.score) byChunk.set(hit.chunkId, hit);
  }
  const hits = [...byChunk.values()];
  if (found.length > 1) hits.sort((a, b) => b.score - a.score);
  return hits.slice(0, limit).map(({ lexicalScore: _lexical, vectorScore: _vector, ...hit }) => hit);
}
