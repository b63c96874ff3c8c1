import { Injectable } from '@nestjs/common';
import {
  type AttributeFilter,
  DomainError,
  type Fusion,
  type LegWeights,
  type QueryExplanation,
  type SearchHit,
  type TenantContext,
} from '@parley/contracts';
import { Database } from '@parley/persistence';
import { analyseQuery } from '../analysis/analyse.js';
import { BM25, termHash } from '../analysis/term-vector.js';
import { isMostlyUnspaced } from '../analysis/words.js';
import { type EmbeddingSpace } from '../spaces/embedding-space.js';
import { vectorText } from '../spaces/vector-text.js';
import { compileFilter } from './attribute-filter.js';

/** Each leg's candidates: a hit scores the same whatever the limit. */
export const CANDIDATES = 100;

/** How a search is carried out; measured, so that callers leave it alone unless they compare. */
export interface SearchPlan {
  /** In scopes of fewer vectors an exact scan is as fast as the index, and complete. */
  exactBelow: number;
  /** In scopes of fewer chunks the commonest word finds as well as the rarest. */
  allTermsBelow: number;
  /**
   * Terms of the best chunks that the lexical leg asks for too; null: none, as in scripts without spaces, where they would
   * be pairs of characters that say little of the subject.
   */
  feedback: Feedback | null;
}

export interface Feedback {
  /** The best ones, whose terms are taken. */
  chunks: number;
  terms: number;
  /** 0 to 1: of these terms in the query, if the chunks are long. */
  share: number;
  /** In terms: a chunk of this length counts half. */
  priorLength: number;
}

/** Measured on collections of many kinds, see ADR 13: more share gains more where much is relevant, and loses elsewhere. */
const FEEDBACK: Feedback = { chunks: 10, terms: 20, share: 0.3, priorLength: 100 };

export const DEFAULT_PLAN: SearchPlan = { exactBelow: 8_000, allTermsBelow: 10_000, feedback: FEEDBACK };

export interface KnowledgeQuery {
  /** Others than the tenant's own find nothing. */
  knowledgeBaseIds: string[];
  /** Empty: vectors alone. */
  text: string;
  /** The query in the embedding space of the knowledge bases; absent: words alone. */
  embedding?: { vector: ArrayLike<number>; space: EmbeddingSpace } | undefined;
  limit: number;
  filter?: AttributeFilter | undefined;
  /** 0 to 1; hits with a lower score are left out, see `memory.search_chunks` for what scores mean. */
  scoreThreshold?: number;
  /** Instead of the embedding space's own; relative to each other. */
  weights?: LegWeights | undefined;
  /** `scores` by default. */
  fusion?: Fusion | undefined;
  plan?: Partial<SearchPlan>;
}

export interface KnowledgeHit extends SearchHit {
  /** Of the document. */
  version: number;
  /** BM25; null, with its rank, when the chunk has none of the words. */
  lexicalScore: number | null;
  lexicalRank: number | null;
  /** Cosine; null, with its rank, when the search compared no vectors. */
  vectorScore: number | null;
  vectorRank: number | null;
}

/** Hybrid search over the active versions of documents, in one statement. */
@Injectable()
export class KnowledgeSearch {
  constructor(private readonly database: Database) {}

  /**
   * Best first; equal scores in the order of documents and chunks.
   * @throws DomainError `invalid_request` for a malformed filter or a vector that is not of its space
   */
  async search(tenant: TenantContext, query: KnowledgeQuery): Promise<KnowledgeHit[]> {
    return (await this.#run(tenant, query, false)).hits;
  }

  /** As `search`, and how it was done. */
  async explain(
    tenant: TenantContext,
    query: KnowledgeQuery,
  ): Promise<{ hits: KnowledgeHit[]; explanation: QueryExplanation }> {
    const { hits, plan } = await this.#run(tenant, query, true);
    return { hits, explanation: explanationOf(query, plan!) };
  }

  async #run(tenant: TenantContext, query: KnowledgeQuery, explain: boolean) {
    const parameters = parametersOf(tenant, query, explain);
    const rows = await this.database.withTenant(tenant, (tx) => tx.query<SearchRow[]>(SEARCH, parameters));
    const plan = rows.find((row): row is PlanRow => row.plan !== null)?.plan;
    return { hits: rows.filter((row): row is HitRow => row.plan === null).map(hitOf), plan };
  }
}

function parametersOf(tenant: TenantContext, query: KnowledgeQuery, explain: boolean): unknown[] {
  const { embedding, limit } = query;
  if (embedding && embedding.vector.length !== embedding.space.dimensions) {
    const { vector, space } = embedding;
    throw new DomainError('invalid_request', `The query has ${vector.length} dimensions, not ${space.dimensions}.`);
  }
  const options = {
    limit,
    candidates: Math.max(CANDIDATES, limit),
    threshold: query.scoreThreshold ?? 0,
    vectorWeight: vectorWeightOf(query),
    fusion: fusionOf(query),
    explain,
    bm25: BM25,
    ...DEFAULT_PLAN,
    ...(isMostlyUnspaced(query.text) && { feedback: null }),
    ...query.plan,
  };
  const terms = analyseQuery(query.text).map((term) => ({ ...term, hash: termHash(term.term) }));
  return [
    tenant.tenantId,
    query.knowledgeBaseIds,
    JSON.stringify(terms),
    embedding?.space.id ?? null,
    embedding ? vectorText(embedding.vector) : null,
    query.filter === undefined ? null : compileFilter(query.filter),
    JSON.stringify(options),
  ];
}

const fusionOf = ({ fusion = 'scores' }: KnowledgeQuery) => fusion;

function vectorWeightOf({ weights, embedding }: KnowledgeQuery): number {
  if (weights !== undefined) return weights.vector / (weights.lexical + weights.vector);
  return embedding?.space.vectorWeight ?? 0;
}

interface PlanRow {
  plan: {
    lexicalCandidates: number;
    feedbackTerms: string[];
    vectorCandidates: number;
    vectorScan: QueryExplanation['vector']['scan'];
    vectorWeight: number;
    milliseconds: Record<string, number>;
  };
}

type HitRow = KnowledgeHit & { plan: null };

type SearchRow = PlanRow | HitRow;

function hitOf({ plan: _plan, ...hit }: HitRow): KnowledgeHit {
  return hit;
}

function explanationOf(query: KnowledgeQuery, plan: PlanRow['plan']): QueryExplanation {
  const space = query.embedding?.space;
  return {
    query: query.text,
    lexical: { candidates: plan.lexicalCandidates, feedbackTerms: plan.feedbackTerms },
    vector: {
      scan: plan.vectorScan,
      candidates: plan.vectorCandidates,
      embeddingSpaceId: space?.id ?? null,
      model: space?.model ?? null,
      dimensions: space?.dimensions ?? null,
    },
    fusion: fusionOf(query),
    weights: { lexical: 1 - plan.vectorWeight, vector: plan.vectorWeight },
    milliseconds: plan.milliseconds,
  };
}

const SEARCH = `
  select chunk_id as "chunkId", document_id as "documentId", file_id as "fileId", knowledge_base_id as "knowledgeBaseId",
    filename, ordinal, text, attributes, locator, version, score, lexical_score as "lexicalScore",
    lexical_rank as "lexicalRank", vector_score as "vectorScore", vector_rank as "vectorRank", plan
  from memory.search_chunks($1, $2, $3, $4, $5, $6::text::jsonpath, $7)`;
