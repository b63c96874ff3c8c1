import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { IngestDocument } from '@parley/contracts';
import { jobsFinished } from '@parley/knowledge';
import { MessageBus } from '@parley/messaging';
import { counter } from '@parley/observability';
import { JobsRepository } from './jobs.repository.js';
import { PeriodicTask } from './periodic-task.js';

const INTERVAL_MS = 2_000;

const reapedLeases = counter(
  'parley_ingestion_reaped_leases_total',
  'Jobs taken back from workers that stopped responding, by what became of them',
  ['outcome'],
);

/**
 * Keeps the queue true to the table: takes jobs back whose worker died, and wakes workers up for jobs that are due, because
 * their pause is over or the broker has lost what it was told.
 */
@Injectable()
export class JobSweeper implements OnApplicationBootstrap, OnModuleDestroy {
  readonly #logger = new Logger(JobSweeper.name);
  readonly #task = new PeriodicTask(JobSweeper.name, INTERVAL_MS, () => this.sweep());

  constructor(
    private readonly jobs: JobsRepository,
    private readonly bus: MessageBus,
  ) {}

  onApplicationBootstrap(): void {
    this.#task.start();
  }

  onModuleDestroy(): Promise<void> {
    return this.#task.stop();
  }

  /** No wake-ups while the broker is away: nobody would hear them. */
  async sweep(): Promise<void> {
    for (const { jobId, endedAs } of await this.jobs.reap()) {
      reapedLeases.inc({ outcome: endedAs });
      if (endedAs === 'failed') jobsFinished('dead_letter');
      this.#logger.warn({ msg: 'the worker of an ingestion job stopped responding', jobId, status: endedAs });
    }
    if (!this.bus.isConnected) return;
    const sent = await this.jobs.wakeUp(await this.bus.queueLength(IngestDocument));
    if (sent > 0) this.#logger.log(`${sent} wake-ups were missing`);
  }
}
