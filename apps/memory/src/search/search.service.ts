import { Injectable, Logger } from '@nestjs/common';
import {
  DomainError,
  type ErrorCode,
  type LegScore,
  type QueryExplanation,
  type SearchHit,
  type SearchNeighbor,
  type SearchReply,
  type SearchRequest,
  type TenantContext,
} from '@parley/contracts';
import {
  type EmbeddingSpace,
  type KnowledgeHit,
  type KnowledgeQuery,
  KnowledgeSearch,
  Neighbors,
} from '@parley/knowledge';
import { EmbeddingProvider } from '@parley/llm';
import { counter } from '@parley/observability';
import { SearchRepository } from './search.repository.js';
import { StageClock } from './stage-clock.js';

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
    private readonly neighbors: Neighbors,
  ) {}

  /**
   * The best hits of all queries together, each chunk once with its best score.
   * @throws DomainError `not_found` when one of the knowledge bases is not the tenant's; `invalid_request` for a
   * malformed filter
   */
  async search(tenant: TenantContext, request: SearchRequest, signal: AbortSignal): Promise<SearchReply> {
    const clock = new StageClock();
    const scopes = await this.scopes.scopes(tenant, request.knowledgeBaseIds);
    if (scopes.length < new Set(request.knowledgeBaseIds).size)
      throw DomainError.notFound('vector store', 'vector_store_ids');
    clock.passed('scope');
    const queries = request.queries.filter((query) => query.trim() !== '');
    const spaces = scopes.flatMap(({ space }) => (space?.model === this.provider.model ? [space] : []));
    const vectors = spaces.length > 0 ? await this.#embed(queries, signal) : null;
    clock.passed('embed');
    const found = await Promise.all(
      queries.map((text, index) =>
        this.#searchOne(tenant, request, { text, embedding: comparable(vectors?.[index], spaces) }),
      ),
    );
    clock.passed('search');
    const ranked = best(found, request.maxResults);
    const neighbors = await this.neighbors.of(
      tenant,
      ranked.map(({ hit }) => hit),
      request.neighbors ?? 0,
    );
    clock.passed('neighbors');
    const hits = ranked.map((entry) => hitOf(entry, request, neighbors));
    if (request.explain !== true) return { hits };
    return {
      hits,
      explain: {
        queries: found.flatMap(({ explanation }) => explanation ?? []),
        milliseconds: clock.milliseconds(),
      },
    };
  }

  async #searchOne(
    tenant: TenantContext,
    request: SearchRequest,
    { text, embedding }: Pick<KnowledgeQuery, 'text' | 'embedding'>,
  ): Promise<Found> {
    const query: KnowledgeQuery = {
      knowledgeBaseIds: request.knowledgeBaseIds,
      text,
      embedding,
      limit: request.maxResults,
      filter: request.filter,
      scoreThreshold: request.scoreThreshold,
      weights: request.weights,
      fusion: request.fusion,
    };
    if (request.explain === true) return { query: text, ...(await this.knowledge.explain(tenant, query)) };
    return { query: text, hits: await this.knowledge.search(tenant, query) };
  }

  /** Null when that fails or takes too long: words alone find most of it, and an answer beats an error. */
  async #embed(queries: string[], signal: AbortSignal): Promise<Float32Array[] | null> {
    if (queries.length === 0) return [];
    const patience = AbortSignal.timeout(EMBEDDING_PATIENCE_MS);
    try {
      return (await this.provider.embed(queries, { signal: AbortSignal.any([signal, patience]) })).vectors;
    } catch (error) {
      const isOutage = patience.aborted || (error instanceof DomainError && NO_EMBEDDING.has(error.code));
      if (signal.aborted || !isOutage) throw error;
      degraded.inc();
      this.#logger.warn(`Searching by words alone: ${error instanceof Error ? error.message : String(error)}`);
      return null;
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

/** The hits of one query. */
interface Found {
  query: string;
  hits: KnowledgeHit[];
  explanation?: QueryExplanation;
}

interface RankedHit {
  query: string;
  hit: KnowledgeHit;
}

/** Of all queries together: each chunk once with its best score, best first. */
function best(found: Found[], limit: number): RankedHit[] {
  const byChunk = new Map<string, RankedHit>();
  for (const { query, hits } of found) {
    for (const hit of hits) {
      const known = byChunk.get(hit.chunkId);
      if (!known || known.hit.score < hit.score) byChunk.set(hit.chunkId, { query, hit });
    }
  }
  const ranked = [...byChunk.values()];
  if (found.length > 1) ranked.sort((a, b) => b.hit.score - a.hit.score);
  return ranked.slice(0, limit);
}

function hitOf(
  { query, hit }: RankedHit,
  { neighbors, explain }: SearchRequest,
  found: Map<string, SearchNeighbor[]>,
): SearchHit {
  const { version: _version, lexicalScore, lexicalRank, vectorScore, vectorRank, ...shown } = hit;
  return {
    ...shown,
    ...(neighbors ? { neighbors: found.get(hit.chunkId) ?? [] } : {}),
    ...(explain
      ? { explain: { query, lexical: legScore(lexicalScore, lexicalRank), vector: legScore(vectorScore, vectorRank) } }
      : {}),
  };
}

function legScore(score: number | null, rank: number | null): LegScore | null {
  return score === null || rank === null ? null : { score, rank };
}
