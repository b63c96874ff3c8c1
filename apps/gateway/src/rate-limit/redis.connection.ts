import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { Redis } from 'ioredis';
import { RedisConfig } from './redis.config.js';

const LOG_EVERY_MS = 30_000;

/** The connection to Redis, when there is one. Losing it never fails a request: limits are then counted in memory. */
@Injectable()
export class RedisConnection implements OnApplicationShutdown {
  readonly client: Redis | null;
  readonly #logger = new Logger(RedisConnection.name);
  #loggedAtMs = -Infinity;

  constructor({ redisUrl }: RedisConfig) {
    this.client = redisUrl === undefined ? null : connect(redisUrl);
    this.client?.on('error', (error: Error) => this.#log(error));
  }

  onApplicationShutdown(): void {
    this.client?.disconnect();
  }

  #log(error: Error): void {
    if (Date.now() - this.#loggedAtMs < LOG_EVERY_MS) return;
    this.#loggedAtMs = Date.now();
    this.#logger.warn(`Redis cannot be reached, limits are counted per process: ${error.message}`);
  }
}

/** Fails at once while disconnected instead of queueing, and never waits long for an answer. */
function connect(url: string): Redis {
  return new Redis(url, {
    lazyConnect: false,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 1,
    connectTimeout: 2_000,
    commandTimeout: 250,
    retryStrategy: (attempt) => Math.min(attempt * 200, 5_000),
  });
}
