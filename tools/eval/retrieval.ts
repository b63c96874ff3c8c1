import { documentsInOrder, hitAt, isScorable, mean, ndcgAt, quantile, recallAt } from '@parley/knowledge';
import { type ApiClient } from './api-client.js';
import { type Leg } from './arguments.js';
import { type Bm25 } from './bm25.js';
import { type CorpusText, documentsOf, type IndexedCorpus } from './indexed-corpus.js';
import { type JudgedSet, type SetQuery } from './judged-set.js';
import { type Progress } from './progress.js';

/** The most that a search gives: ten documents may need more than ten chunks. */
const MAX_RESULTS = 50;
/** Searches before the clock runs: the first ones pay for caches and connections. */
const WARM_UP = 5;
const CUTOFF = 10;
const HIT_CUTOFF = 5;

export interface Quality {
  ndcg10: number;
  recall10: number;
  hit5: number;
}

/** Milliseconds of a search as its client sees them. */
export interface Latency {
  p50: number;
  p95: number;
}

export interface LegResult extends Quality {
  leg: Leg;
  ms: Latency;
}

/** A leg is the hybrid search with all the weight on one side; hybrid is the search as it comes. */
const RANKING: Record<Leg, object> = {
  lexical: { ranking_options: { hybrid_search: { embedding_weight: 0, text_weight: 1 } } },
  vector: { ranking_options: { hybrid_search: { embedding_weight: 1, text_weight: 0 } } },
  hybrid: {},
};

interface SearchPage {
  data: { filename: string; score: number }[];
}

/** Queries that have relevant documents, in the order of the set. */
export function scorableQueries({ queries, judgements }: JudgedSet, limit: number | null): SetQuery[] {
  const scorable = queries.filter(({ id }) => isScorable(judgements.get(id) ?? new Map()));
  return limit === null ? scorable : scorable.slice(0, limit);
}

/** Asks every query of every leg in turn, one after the other, so that a machine that slows down slows all alike. */
export async function measureLegs(
  api: ApiClient,
  set: JudgedSet,
  queries: readonly SetQuery[],
  { vectorStoreId, texts }: IndexedCorpus,
  { legs, progress }: { legs: readonly Leg[]; progress: Progress },
): Promise<LegResult[]> {
  const search = async (leg: Leg, { text }: SetQuery) => {
    const body = { query: text, max_num_results: MAX_RESULTS, ...RANKING[leg] };
    const startedAt = performance.now();
    const page = await api.post<SearchPage>(`/v1/vector_stores/${vectorStoreId}/search`, body);
    return { page, ms: performance.now() - startedAt };
  };
  for (const query of queries.slice(0, WARM_UP)) for (const leg of legs) await search(leg, query);
  const rankings = new Map(legs.map((leg) => [leg, { rankings: [] as string[][], ms: [] as number[] }]));
  for (const [index, query] of queries.entries()) {
    for (const leg of legs) {
      const { page, ms } = await search(leg, query);
      const measured = rankings.get(leg)!;
      measured.rankings.push(rankingOf(page, leg, texts));
      measured.ms.push(ms);
    }
    progress.step(`${set.name}: asked`, index + 1, queries.length);
  }
  return legs.map((leg) => {
    const { rankings: ranked, ms } = rankings.get(leg)!;
    return { leg, ...qualityOf(set, queries, ranked), ms: { p50: quantile(ms, 0.5), p95: quantile(ms, 0.95) } };
  });
}

/** The same of BM25 over whole documents, in this process. */
export function measureBm25(set: JudgedSet, queries: readonly SetQuery[], index: Bm25): Quality {
  const rankings = queries.map(({ text }) => index.rank(text, CUTOFF).map((position) => set.documents[position]!.id));
  return qualityOf(set, queries, rankings);
}

/** Of one leg, what it has found itself: what only the other one brought has nothing to its credit. */
function rankingOf({ data }: SearchPage, leg: Leg, texts: readonly CorpusText[]): string[] {
  const found = leg === 'hybrid' ? data : data.filter(({ score }) => score > 0);
  return documentsInOrder(found.flatMap(({ filename }) => documentsOf(filename, texts)));
}

function qualityOf(set: JudgedSet, queries: readonly SetQuery[], rankings: readonly string[][]): Quality {
  const judged = queries.map(({ id }, index) => ({ ranking: rankings[index]!, grades: set.judgements.get(id)! }));
  return {
    ndcg10: mean(judged.map(({ ranking, grades }) => ndcgAt(CUTOFF, ranking, grades))),
    recall10: mean(judged.map(({ ranking, grades }) => recallAt(CUTOFF, ranking, grades))),
    hit5: mean(judged.map(({ ranking, grades }) => hitAt(HIT_CUTOFF, ranking, grades))),
  };
}
