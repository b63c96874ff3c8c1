import { Injectable } from '@nestjs/common';
import {
  DomainError,
  type QueryExplanation,
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
  withoutNearDuplicates,
} from '@parley/knowledge';
import { legWeights } from './leg-weights.js';
import { QueryEmbedder } from './query-embedder.js';
import { RecallSampler } from './recall-sampler.js';
import { best, scoreOf, searchHit } from './ranked-hit.js';
import { Reranking } from './reranking.js';
import { mergedGroups, type SearchGroup, searchGroups } from './search-group.js';
import { SearchRepository, type SearchScope } from './search.repository.js';
import { StageClock } from './stage-clock.js';

/** Of each query; more copies of one text than that leave fewer results than were asked for. */
const MAX_GATHERED = 400;

@Injectable()
export class SearchService {
  constructor(
    private readonly scopes: SearchRepository,
    private readonly embedder: QueryEmbedder,
    private readonly knowledge: KnowledgeSearch,
    private readonly neighbors: Neighbors,
    private readonly reranking: Reranking,
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
    const isReranking = request.rerank !== false && this.reranking.depth > 0;
    // The reranker's scores are others than those that it judges: the threshold is for what comes out.
    const asked = isReranking ? { ...request, scoreThreshold: 0 } : request;
    const gather = (limit: number) =>
      Promise.all(
        queries.map((text, index) => {
          const vectorIn = (space: EmbeddingSpace) => vectors.get(space.id)?.[index];
          return this.#searchOne(tenant, { ...asked, maxResults: limit }, { text, vectorIn, groups });
        }),
      );
    const wanted = Math.max(request.maxResults, isReranking ? this.reranking.depth : 0);
    const { found, distinct } = await gatherDistinct(gather, wanted);
    clock.passed('search');
    const reranked = isReranking ? await this.reranking.judge(distinct, signal) : null;
    clock.passed('rerank');
    const ranked = (reranked?.hits ?? distinct)
      .filter(({ hit }) => scoreOf(hit) >= request.scoreThreshold)
      .slice(0, request.maxResults);
    const chunks = ranked.map(({ hit }) => hit.hit);
    const neighbors = await this.neighbors.of(tenant, chunks, request.neighbors ?? 0);
    const urls = await this.#pageUrls(tenant, scopes, chunks);
    clock.passed('neighbors');
    const hits = ranked.map((entry) => searchHit(entry, request, { neighbors, urls }));
    if (request.explain !== true) return { hits };
    const explanations = found.flatMap((each) => each.explanations);
    const reranker = reranked?.model ?? null;
    return { hits, explain: { queries: explanations, reranker, milliseconds: clock.milliseconds() } };
  }

  async #pageUrls(tenant: TenantContext, scopes: readonly SearchScope[], chunks: readonly KnowledgeHit[]) {
    if (chunks.length === 0 || !scopes.some(({ hasPages }) => hasPages)) return new Map<string, string>();
    return this.scopes.pageUrls(
      tenant,
      chunks.map(({ fileId }) => fileId),
    );
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
        weights: request.weights ?? legWeights(text, group.space),
        fusion: request.fusion,
      };
      const result =
        request.explain === true
          ? await this.knowledge.explain(tenant, query)
          : { hits: await this.knowledge.search(tenant, query), explanation: undefined };
      this.recall.offer(tenant, query);
      return result;
    });
    const found = await Promise.all(searches);
    return {
      query: text,
      hits: mergedGroups(found),
      explanations: found.flatMap(({ explanation }) => explanation ?? []),
    };
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

/** More than is wanted, because near-duplicates are left out; and more again as long as that leaves too few. */
async function gatherDistinct(gather: (limit: number) => Promise<Found[]>, wanted: number) {
  for (let limit = Math.ceil(wanted * 1.5); ; limit *= 4) {
    const found = await gather(limit);
    const distinct = withoutNearDuplicates(best(found), ({ hit }) => hit.text);
    const isAll = found.every(({ hits }) => hits.length < limit);
    if (distinct.length >= wanted || isAll || limit >= MAX_GATHERED) return { found, distinct };
  }
}
