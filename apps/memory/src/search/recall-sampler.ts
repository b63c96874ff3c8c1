import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { type TenantContext } from '@parley/contracts';
import { type KnowledgeQuery, VectorRecall } from '@parley/knowledge';
import { counter, histogram } from '@parley/observability';
import { RecallConfig } from './recall.config.js';

const recall = histogram(
  'parley_retrieval_recall',
  'Share of the ten nearest chunks that the vector index found, in sampled searches',
  ['filtered'],
  [0, 0.5, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99, 1],
);
const samples = counter('parley_retrieval_recall_samples_total', 'Sampled vector searches, by what came of them', [
  'outcome',
]);

/** An answer that is on its way gets the database first. */
const DELAY_MS = 250;
/** After a sample that took a while nothing is sampled for so many times as long: a busy database is asked less. */
const REST = 20;

/** Repeats a share of the searches exactly, one at a time and after they were answered, and records what they missed. */
@Injectable()
export class RecallSampler implements OnApplicationShutdown {
  readonly #logger = new Logger(RecallSampler.name);
  #timer: NodeJS.Timeout | undefined;
  #isBusy = false;
  #restUntil = 0;

  constructor(
    private readonly vectors: VectorRecall,
    private readonly config: RecallConfig,
  ) {}

  /** Returns at once, whatever becomes of the sample. */
  offer(tenant: TenantContext, query: Pick<KnowledgeQuery, 'knowledgeBaseIds' | 'embedding' | 'filter'>): void {
    if (query.embedding === undefined || Math.random() >= this.config.sampleShare) return;
    if (this.#isBusy || performance.now() < this.#restUntil) {
      samples.inc({ outcome: 'skipped' });
      return;
    }
    this.#isBusy = true;
    this.#timer = setTimeout(() => void this.#measure(tenant, query), DELAY_MS).unref();
  }

  onApplicationShutdown(): void {
    clearTimeout(this.#timer);
  }

  async #measure(tenant: TenantContext, query: Parameters<RecallSampler['offer']>[1]): Promise<void> {
    const startedAt = performance.now();
    try {
      const share = await this.vectors.measure(tenant, query);
      if (share !== null) recall.observe({ filtered: query.filter === undefined ? 'no' : 'yes' }, share);
      samples.inc({ outcome: share === null ? 'exact' : 'measured' });
    } catch (error) {
      samples.inc({ outcome: 'failed' });
      this.#logger.debug(`Recall was not measured: ${error instanceof Error ? error.message : String(error)}`);
    } finally {
      const finishedAt = performance.now();
      this.#restUntil = finishedAt + REST * (finishedAt - startedAt);
      this.#isBusy = false;
    }
  }
}
