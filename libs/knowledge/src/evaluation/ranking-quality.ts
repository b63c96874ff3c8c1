/** What people judged for one question: document → grade. A grade above 0 is relevant, and more is better. */
export type Judgements = ReadonlyMap<string, number>;

/** How good a ranking is at a cutoff k, each number from 0 to 1. */
export interface RankingQuality {
  ndcg: number;
  recall: number;
  hit: number;
  reciprocalRank: number;
}

/** A question without relevant documents says nothing about a ranking and is left out of every mean. */
export function isScorable(judgements: Judgements): boolean {
  return relevantCount(judgements) > 0;
}

/**
 * All measures of one ranking.
 * @param ranking documents, best first, each once
 */
export function qualityAt(k: number, ranking: readonly string[], judgements: Judgements): RankingQuality {
  return {
    ndcg: ndcgAt(k, ranking, judgements),
    recall: recallAt(k, ranking, judgements),
    hit: hitAt(k, ranking, judgements),
    reciprocalRank: reciprocalRankAt(k, ranking, judgements),
  };
}

/**
 * Normalised discounted cumulative gain with the grade itself as gain and log2(rank + 1) as discount, over that of the
 * best possible order (Järvelin and Kekäläinen 2002, as trec_eval's ndcg_cut computes it).
 */
export function ndcgAt(k: number, ranking: readonly string[], judgements: Judgements): number {
  const ideal = discountedGain(
    [...judgements.values()]
      .map(gain)
      .sort((a, b) => b - a)
      .slice(0, k),
  );
  if (ideal === 0) return 0;
  return discountedGain(ranking.slice(0, k).map((document) => gain(judgements.get(document) ?? 0))) / ideal;
}

/** The share of all relevant documents that are among the first k. */
export function recallAt(k: number, ranking: readonly string[], judgements: Judgements): number {
  const relevant = relevantCount(judgements);
  if (relevant === 0) return 0;
  return ranking.slice(0, k).filter((document) => isRelevant(document, judgements)).length / relevant;
}

/** 1 when a relevant document is among the first k, else 0. */
export function hitAt(k: number, ranking: readonly string[], judgements: Judgements): number {
  return ranking.slice(0, k).some((document) => isRelevant(document, judgements)) ? 1 : 0;
}

/** One over the rank of the first relevant document; 0 when it is not among the first k. */
export function reciprocalRankAt(k: number, ranking: readonly string[], judgements: Judgements): number {
  const first = ranking.slice(0, k).findIndex((document) => isRelevant(document, judgements));
  return first < 0 ? 0 : 1 / (first + 1);
}

/** Documents in the order of their best chunk. */
export function documentsInOrder(documentsOfChunks: Iterable<string>): string[] {
  return [...new Set(documentsOfChunks)];
}

/** 0 for no values. */
export function mean(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** The value below which that share of the values lies, linear between neighbours; 0 for no values. */
export function quantile(values: readonly number[], share: number): number {
  if (values.length === 0) return 0;
  const sorted = [...values].sort((a, b) => a - b);
  const position = (sorted.length - 1) * share;
  const low = sorted[Math.floor(position)]!;
  const high = sorted[Math.ceil(position)]!;
  return low + (high - low) * (position - Math.floor(position));
}

function gain(grade: number): number {
  return Math.max(0, grade);
}

function discountedGain(gains: readonly number[]): number {
  return gains.reduce((sum, value, index) => sum + value / Math.log2(index + 2), 0);
}

function isRelevant(document: string, judgements: Judgements): boolean {
  return (judgements.get(document) ?? 0) > 0;
}

function relevantCount(judgements: Judgements): number {
  return [...judgements.values()].filter((grade) => grade > 0).length;
}
