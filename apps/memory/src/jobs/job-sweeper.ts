import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { IngestDocument } from '@parley/contracts';
import { MessageBus } from '@parley/messaging';
import { JobsRepository } from './jobs.repository.js';
import { PeriodicTask } from './periodic-task.js';

const INTERVAL_MS = 2_000;

/** Announces jobs again whose worker died, whose pause is over, or whose announcement was lost with the broker. */
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

  /** Nothing while the broker is away: nobody would hear it. */
  async sweep(): Promise<void> {
    if (!this.bus.isConnected) return;
    const announced = await this.jobs.announceFree((await this.bus.queueLength(IngestDocument)) === 0);
    if (announced > 0) this.#logger.log(`${announced} ingestion jobs were announced again`);
  }
}
