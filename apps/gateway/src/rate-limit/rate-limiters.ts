import { Injectable } from '@nestjs/common';
import { counter } from '@parley/observability';
import { RateLimiterMemory, RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible';
import { RedisConnection } from './redis.connection.js';

export const limitRejections = counter('parley_rate_limit_rejections_total', 'Requests that a limit refused', [
  'limit',
]);

export interface RateLimitState {
  limit: number;
  remaining: number;
  /** Until the window ends. */
  resetMs: number;
  isExceeded: boolean;
}

/** Counts per key in windows that begin with a key's first use. */
export interface RateLimiter {
  consume(key: string): Promise<RateLimitState>;
  reset(key: string): Promise<void>;
}

@Injectable()
export class RateLimiters {
  constructor(private readonly redis: RedisConnection) {}

  /** Counts in Redis, and in memory while there is none. */
  create(name: string, limit: number, windowSeconds: number): RateLimiter {
    const options = { keyPrefix: `parley:limit:${name}`, points: limit, duration: windowSeconds };
    const inMemory = new RateLimiterMemory(options);
    const storeClient = this.redis.client;
    const limiter = storeClient
      ? new RateLimiterRedis({ ...options, storeClient, insuranceLimiter: inMemory, rejectIfRedisNotReady: true })
      : inMemory;
    return {
      consume: async (key) => {
        const state = stateOf(limit, await limiter.consume(key).catch(exceeded));
        if (state.isExceeded) limitRejections.inc({ limit: name });
        return state;
      },
      reset: async (key) => {
        await limiter.delete(key);
      },
    };
  }
}

/** The library rejects with the state when the limit is exceeded, and with an error when it is broken. */
function exceeded(reason: unknown): RateLimiterRes {
  if (reason instanceof RateLimiterRes) return reason;
  throw reason;
}

function stateOf(limit: number, { consumedPoints, msBeforeNext }: RateLimiterRes): RateLimitState {
  return {
    limit,
    remaining: Math.max(0, limit - consumedPoints),
    resetMs: Math.max(0, msBeforeNext),
    isExceeded: consumedPoints > limit,
  };
}
