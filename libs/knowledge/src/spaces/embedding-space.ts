/** All vectors of one model and length: what can be compared with one another. */
export interface EmbeddingSpace {
  id: string;
  model: string;
  dimensions: number;
  state: 'building' | 'active' | 'retired';
  tableName: string;
  /** 0 to 1: what the vectors are worth against BM25 when a search fuses both. */
  vectorWeight: number;
}
