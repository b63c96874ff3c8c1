import { Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { MessageBus } from '@parley/messaging';
import { PeriodicTask } from '../jobs/periodic-task.js';
import { EmbeddingMigrationsRepository } from './embedding-migrations.repository.js';

const INTERVAL_MS = 2_000;

/** Announces migrations again whose worker died, whose pause is over, or whose announcement was lost with the broker. */
@Injectable()
export class EmbeddingMigrationSweeper implements OnApplicationBootstrap, OnModuleDestroy {
  readonly #task = new PeriodicTask(EmbeddingMigrationSweeper.name, INTERVAL_MS, () => this.sweep());

  constructor(
    private readonly migrations: EmbeddingMigrationsRepository,
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
    if (this.bus.isConnected) await this.migrations.announceFree();
  }
}
