import { histogram, recordSpan } from '@parley/observability';

const stages = histogram('parley_retrieval_stage_seconds', 'Time of a stage of a search', ['stage']);

export type SearchStage = 'scope' | 'embed' | 'search' | 'rerank' | 'neighbors';

/** Times the stages of one search, one after another. */
export class StageClock {
  readonly #startedAt = performance.now();
  #lastAt = this.#startedAt;
  readonly #milliseconds: Record<string, number> = {};

  /** What went by since the stage before. */
  passed(stage: SearchStage): void {
    const now = performance.now();
    stages.observe({ stage }, (now - this.#lastAt) / 1000);
    this.#milliseconds[stage] = rounded(now - this.#lastAt);
    recordSpan(`search: ${stage}`, now - this.#lastAt);
    this.#lastAt = now;
  }

  /** Of each stage that passed, and in total. */
  milliseconds(): Record<string, number> {
    return { ...this.#milliseconds, total: rounded(performance.now() - this.#startedAt) };
  }
}

const rounded = (milliseconds: number) => Math.round(milliseconds * 1000) / 1000;
