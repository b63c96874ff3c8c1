import { Injectable } from '@nestjs/common';
import {
  DomainError,
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
import { QueryEmbedder } from './query-embedder.js';
import { RecallSampler } from './recall-sampler.js';
import { mergedGroups, type SearchGroup, searchGroups } from './search-group.js';
import { SearchRepository, type SearchScope } from './search.repository.js';
import { StageClock } from './stage-clock.js';

@Injectable()
export class SearchService {
  constructor(
    private readonly scopes: SearchRepository,
    private readonly embedder: QueryEmbedder,
    private readonly knowledge: KnowledgeSearch,
    private readonly neighbors: Neighbors,
    private readonly recall: RecallSampler,
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
    const vectors = await this.embedder.embed(queries, spacesOf(scopes), signal);
    clock.passed('embed');
    const groups = searchGroups(scopes, vectors);
    const found = await Promise.all(
      queries.map((text, index) => {
        const vectorIn = (space: EmbeddingSpace) => vectors.get(space.id)?.[index];
        return this.#searchOne(tenant, request, { text, vectorIn, groups });
      }),
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
        queries: found.flatMap(({ explanations }) => explanations),
        milliseconds: clock.milliseconds(),
      },
    };
  }

  async #searchOne(
    tenant: TenantContext,
    request: SearchRequest,
    { text, vectorIn, groups }: EmbeddedQuery,
  ): Promise<Found> {
    const searches = groups.map(async (group) => {
      const vector = group.space === null ? undefined : vectorIn(group.space);
      const query: KnowledgeQuery = {
        knowledgeBaseIds: group.knowledgeBaseIds,
        text,
        embedding: group.space && vector ? { vector, space: group.space } : undefined,
        limit: request.maxResults,
        filter: request.filter,
        scoreThreshold: request.scoreThreshold,
        weights: request.weights,
        fusion: request.fusion,
      };
      const result =
        request.explain === true
          ? await this.knowledge.explain(tenant, query)
          : { hits: await this.knowledge.search(tenant, query), explanation: undefined };
      this.recall.offer(tenant, query);
      return { group, ...result };
    });
    const found = await Promise.all(searches);
    const hits = mergedGroups(found).filter(({ score }) => score >= request.scoreThreshold);
    return { query: text, hits, explanations: found.flatMap(({ explanation }) => explanation ?? []) };
  }
}

function spacesOf(scopes: readonly SearchScope[]): EmbeddingSpace[] {
  const spaces = scopes.flatMap(({ space }) => (space === null ? [] : [[space.id, space] as const]));
  return [...new Map(spaces).values()];
}

interface EmbeddedQuery {
  text: string;
  /** Undefined where the query could not be embedded. */
  vectorIn: (space: EmbeddingSpace) => Float32Array | undefined;
  groups: SearchGroup[];
}

/** The hits of one query. */
interface Found {
  query: string;
  hits: KnowledgeHit[];
  /** One for each group of knowledge bases, when asked for. */
  explanations: QueryExplanation[];
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
