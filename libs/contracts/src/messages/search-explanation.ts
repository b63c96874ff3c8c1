export const FUSIONS = ['scores', 'rrf'] as const;

/** How the legs of a search become one order: by their scores, or by reciprocal ranks. */
export type Fusion = (typeof FUSIONS)[number];

export interface LegScore {
  /** BM25 or cosine. */
  score: number;
  /** From 1, among the leg's candidates. */
  rank: number;
}

/** Why a hit stands where it does. */
export interface HitExplanation {
  /** The one of several queries that found it best. */
  query: string;
  /** Null when the chunk is not among the candidates of the leg. */
  lexical: LegScore | null;
  vector: LegScore | null;
}

/** How one query was answered. */
export interface QueryExplanation {
  query: string;
  lexical: { candidates: number };
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
  /** Of the whole search's stages, by name. */
  milliseconds: Record<string, number>;
}
