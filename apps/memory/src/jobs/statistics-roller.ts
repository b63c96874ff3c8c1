import { Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { LexicalStatistics } from '@parley/knowledge';
import { PeriodicTask } from './periodic-task.js';

const INTERVAL_MS = 60_000;

/** Sums up the term statistics that indexing appends, so that searches stay fast. */
@Injectable()
export class StatisticsRoller implements OnApplicationBootstrap, OnModuleDestroy {
  readonly #task = new PeriodicTask(
    StatisticsRoller.name,
    INTERVAL_MS,
    async () => void (await this.statistics.rollUp()),
  );

  constructor(private readonly statistics: LexicalStatistics) {}

  onApplicationBootstrap(): void {
    this.#task.start();
  }

  onModuleDestroy(): Promise<void> {
    return this.#task.stop();
  }
}
