import { Injectable } from '@nestjs/common';
import { type AttributeFilter, DomainError, type SearchHit, type TenantContext } from '@parley/contracts';
import { Database } from '@parley/persistence';
import { analyseQuery } from '../analysis/analyse.js';
import { BM25, termHash } from '../analysis/term-vector.js';
import { type EmbeddingSpace } from '../spaces/embedding-space.js';
import { vectorText } from '../spaces/vector-text.js';
import { compileFilter } from './attribute-filter.js';

/** Each leg's candidates, over which its scores are scaled: a hit scores the same whatever the limit. */
const CANDIDATES = 100;

/** How a search is carried out; measured, so that callers leave it alone unless they compare. */
export interface SearchPlan {
  /** In scopes of fewer vectors an exact scan is as fast as the index, and complete. */
  exactBelow: number;
  /** In scopes of fewer chunks the commonest word finds as well as the rarest. */
  allTermsBelow: number;
}

const DEFAULT_PLAN: SearchPlan = { exactBelow: 15_000, allTermsBelow: 10_000 };

export interface KnowledgeQuery {
  /** Others than the tenant's own find nothing. */
  knowledgeBaseIds: string[];
  /** Empty: vectors alone. */
  text: string;
  /** The query in the embedding space of the knowledge bases; absent: words alone. */
  embedding?: { vector: ArrayLike<number>; space: EmbeddingSpace } | undefined;
  limit: number;
  filter?: AttributeFilter | undefined;
  /** 0 to 1; hits with a lower score are left out. */
  scoreThreshold?: number;
  /** 0 to 1, instead of the embedding space's own. */
  vectorWeight?: number | undefined;
  plan?: Partial<SearchPlan>;
}

export interface KnowledgeHit extends SearchHit {
  /** BM25; null when the chunk is not among the lexical candidates. */
  lexicalScore: number | null;
  /** Cosine; null when the chunk is not among the vector candidates. */
  vectorScore: number | null;
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
    const { embedding, limit } = query;
    if (embedding && embedding.vector.length !== embedding.space.dimensions) {
      throw new DomainError(
        'invalid_request',
        `The query has ${embedding.vector.length} dimensions, not ${embedding.space.dimensions}.`,
      );
    }
    const options = {
      limit,
      candidates: Math.max(CANDIDATES, limit),
      threshold: query.scoreThreshold ?? 0,
      vectorWeight: query.vectorWeight ?? embedding?.space.vectorWeight ?? 0,
      bm25: BM25,
      ...DEFAULT_PLAN,
      ...query.plan,
    };
    const terms = analyseQuery(query.text).map((term) => ({ ...term, hash: termHash(term.term) }));
    const parameters = [
      tenant.tenantId,
      query.knowledgeBaseIds,
      JSON.stringify(terms),
      embedding?.space.id ?? null,
      embedding ? vectorText(embedding.vector) : null,
      query.filter === undefined ? null : compileFilter(query.filter),
      JSON.stringify(options),
    ];
    return this.database.withTenant(tenant, (tx) => tx.query<KnowledgeHit[]>(SEARCH, parameters));
  }
}

const SEARCH = `
  select chunk_id as "chunkId", document_id as "documentId", file_id as "fileId", knowledge_base_id as "knowledgeBaseId",
    filename, ordinal, text, score, attributes, locator, lexical_score as "lexicalScore", vector_score as "vectorScore"
  from memory.search_chunks($1, $2, $3, $4, $5, $6::text::jsonpath, $7)`;
