import { Injectable, Logger } from '@nestjs/common';
import { DomainError } from '@parley/contracts';
import { type Distinct } from '@parley/knowledge';
import { Reranker } from '@parley/llm';
import { counter } from '@parley/observability';
import { type RankedHit, scoreOf } from './ranked-hit.js';

const degraded = counter(
  'parley_rerank_degraded_total',
  'Searches in the order of the index, because reranking failed',
);

type Hits = Distinct<RankedHit>[];

/** The best hits of a search in the order of a reranker, if one is set up. */
@Injectable()
export class Reranking {
  readonly #logger = new Logger(Reranking.name);

  constructor(private readonly reranker: Reranker | null) {}

  /** How many hits it wants to see, 0 without a reranker. */
  get depth(): number {
    return this.reranker?.topN ?? 0;
  }

  /**
   * Each hit is judged by the query that found it best. Those that are too far down to be judged stay below, with no
   * better score. Null, and the order stays, when there is no reranker or it fails or takes too long.
   */
  async judge(hits: Hits, signal: AbortSignal): Promise<{ hits: Hits; model: string } | null> {
    const { reranker } = this;
    if (reranker === null || hits.length === 0) return null;
    const judged = hits.slice(0, reranker.topN);
    const queries = [...new Set(judged.map(({ hit }) => hit.query))];
    try {
      await Promise.all(
        queries.map(async (query) => {
          const own = judged.filter(({ hit }) => hit.query === query);
          const texts = own.map(({ hit }) => hit.hit.text);
          const relevance = await reranker.rerank(query, texts, signal);
          own.forEach(({ hit }, index) => (hit.reranked = relevance[index]!));
        }),
      );
    } catch (error) {
      if (signal.aborted || !(error instanceof DomainError)) throw error;
      degraded.inc();
      this.#logger.warn(`Not reranked: ${error.message}`);
      for (const { hit } of judged) delete hit.reranked;
      return null;
    }
    judged.sort((a, b) => scoreOf(b.hit) - scoreOf(a.hit));
    const lowest = scoreOf(judged.at(-1)!.hit);
    const others = hits.slice(reranker.topN);
    for (const { hit } of others) hit.reranked = Math.min(hit.hit.score, lowest);
    return { hits: [...judged, ...others], model: reranker.model };
  }
}
