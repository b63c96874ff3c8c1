import { Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { deadLetters } from '@parley/messaging';
import { gauge } from '@parley/observability';
import { JobsRepository } from './jobs.repository.js';
import { PeriodicTask } from './periodic-task.js';

const INTERVAL_MS = 15_000;
const STATES = ['waiting', 'paused', 'parsing', 'embedding', 'indexing', 'stalled', 'dead_letter'];

const jobs = gauge('parley_ingestion_jobs', 'Unfinished ingestion jobs and dead letters of all tenants', ['state']);
const oldest = gauge('parley_ingestion_oldest_waiting_seconds', 'For how long the oldest job has waited for its turn');

/** Every replica of memory tells the same figures: take the maximum, not the sum. */
@Injectable()
export class JobMetrics implements OnApplicationBootstrap, OnModuleDestroy {
  readonly #task = new PeriodicTask(JobMetrics.name, INTERVAL_MS, () => this.measure());

  constructor(private readonly repository: JobsRepository) {}

  onApplicationBootstrap(): void {
    this.#task.start();
  }

  onModuleDestroy(): Promise<void> {
    return this.#task.stop();
  }

  async measure(): Promise<void> {
    const rows = await this.repository.statistics();
    const inState = (state: string) => rows.find((row) => row.state === state)?.jobs ?? 0;
    for (const state of STATES) jobs.set({ state }, inState(state));
    deadLetters.set({ queue: 'ingestion_jobs' }, inState('dead_letter'));
    oldest.set(rows.find((row) => row.state === 'waiting')?.oldestSeconds ?? 0);
  }
}
