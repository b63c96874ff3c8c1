import { Injectable } from '@nestjs/common';
import { ServerConfig } from '@parley/config';
import { DomainError } from '@parley/contracts';
import { type Principal } from '../identity/principal.js';
import { RateLimitConfig } from './rate-limit.config.js';
import { type RateLimiter, RateLimiters, type RateLimitState } from './rate-limiters.js';

export const REQUEST_WINDOW_SECONDS = 60;
const PRODUCTION_REQUESTS_PER_MINUTE = 60;

/** Requests per minute of each API key, or of each user who signed in, whichever way they come. */
@Injectable()
export class RequestLimit {
  readonly #limiter: RateLimiter | null;

  constructor({ requestsPerMinute }: RateLimitConfig, { isProduction }: ServerConfig, limiters: RateLimiters) {
    const limit = requestsPerMinute ?? (isProduction ? PRODUCTION_REQUESTS_PER_MINUTE : 0);
    this.#limiter = limit === 0 ? null : limiters.create('requests', limit, REQUEST_WINDOW_SECONDS);
  }

  /**
   * Counts a request.
   * @param told of what is left, whether or not the limit is exceeded; not called when there is none
   * @throws DomainError `rate_limit_exceeded`
   */
  async consume({ apiKeyId, tenant }: Principal, told?: (state: RateLimitState) => void): Promise<void> {
    if (!this.#limiter) return;
    const state = await this.#limiter.consume(apiKeyId ?? tenant.userId);
    told?.(state);
    if (!state.isExceeded) return;
    throw new DomainError('rate_limit_exceeded', `More than ${state.limit} requests in a minute. Try again later.`, {
      retryAfterMs: state.resetMs,
    });
  }
}
