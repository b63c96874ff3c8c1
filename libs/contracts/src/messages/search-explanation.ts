export const FUSIONS = ['scores', 'rrf'] as const;

/** How the legs of a search become one order: by their scores, or by reciprocal ranks. */
export type Fusion = (typeof FUSIONS)[number];

export interface LegScore {
  /** BM25 or cosine. */
  score: number;
  /** From 1, among the candidates of both legs. */
  rank: number;
}

/** Why a hit stands where it does. */
export interface HitExplanation {
  /** The one of several queries that found it best. */
  query: string;
  /** Null when the chunk has none of the words. */
  lexical: LegScore | null;
  /** Null when the search compared no vectors. */
  vector: LegScore | null;
  /** What the two made together, and what the reranker said; null without one. */
  fused: number;
  reranked: number | null;
}

/** How one query was answered. */
export interface QueryExplanation {
  query: string;
  lexical: {
    candidates: number;
    /** Terms of the best chunks that were added to the query, as the index knows them, the most telling first. */
    feedbackTerms: string[];
  };
  vector: {
    /** `none`: no vectors that could be compared, or the query could not be embedded. */
    scan: 'exact' | 'index' | 'none';
    candidates: number;
    embeddingSpaceId: string | null;
    model: string | null;
    dimensions: number | null;
  };
  fusion: Fusion;
  /** Their sum is 1. */
  weights: { lexical: number; vector: number };
  /** Of the database's stages, by name. */
  milliseconds: Record<string, number>;
}

export interface SearchExplanation {
  queries: QueryExplanation[];
  /** The model that judged the best hits; null when none did. */
  reranker: string | null;
  /** Of the whole search's stages, by name. */
  milliseconds: Record<string, number>;
}
