import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { ServerConfig } from '@parley/config';
import { DomainError } from '@parley/contracts';
import { type FastifyReply, type FastifyRequest } from 'fastify';
import { rateLimitHeaders } from './rate-limit-headers.js';
import { RateLimitConfig } from './rate-limit.config.js';
import { type RateLimiter, RateLimiters } from './rate-limiters.js';

const WINDOW_SECONDS = 60;
const PRODUCTION_REQUESTS_PER_MINUTE = 60;

/** Requests per minute of each API key, or of each user who signed in. Public routes are not counted. */
@Injectable()
export class RateLimitGuard implements CanActivate {
  readonly #limiter: RateLimiter | null;

  constructor({ requestsPerMinute }: RateLimitConfig, { isProduction }: ServerConfig, limiters: RateLimiters) {
    const limit = requestsPerMinute ?? (isProduction ? PRODUCTION_REQUESTS_PER_MINUTE : 0);
    this.#limiter = limit === 0 ? null : limiters.create('requests', limit, WINDOW_SECONDS);
  }

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const http = context.switchToHttp();
    const { principal } = http.getRequest<FastifyRequest>();
    if (!this.#limiter || !principal) return true;
    const state = await this.#limiter.consume(principal.apiKeyId ?? principal.tenant.userId);
    http.getResponse<FastifyReply>().headers(rateLimitHeaders(state, WINDOW_SECONDS));
    if (!state.isExceeded) return true;
    throw new DomainError('rate_limit_exceeded', `More than ${state.limit} requests in a minute. Try again later.`, {
      retryAfterMs: state.resetMs,
    });
  }
}
