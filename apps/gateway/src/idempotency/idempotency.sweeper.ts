import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { IdempotencyKeysRepository } from './idempotency-keys.repository.js';

const INTERVAL_MS = 600_000;
const BATCH = 1_000;
const MAX_BATCHES = 100;

/** Forgets keys whose time is over. Several gateways do so beside each other. */
@Injectable()
export class IdempotencySweeper implements OnApplicationBootstrap, OnModuleDestroy {
  readonly #logger = new Logger(IdempotencySweeper.name);
  #timer: NodeJS.Timeout | undefined;

  constructor(private readonly keys: IdempotencyKeysRepository) {}

  onApplicationBootstrap(): void {
    this.#timer = setInterval(() => void this.sweep(), INTERVAL_MS).unref();
  }

  onModuleDestroy(): void {
    clearInterval(this.#timer);
  }

  /** Never rejects: the next turn tries again. */
  async sweep(): Promise<void> {
    try {
      for (let batch = 0; batch < MAX_BATCHES; batch++) if ((await this.keys.expire(BATCH)) < BATCH) return;
    } catch (error) {
      this.#logger.warn(
        `Idempotency keys were not forgotten: ${error instanceof Error ? error.message : String(error)}`,
      );
    }
  }
}
