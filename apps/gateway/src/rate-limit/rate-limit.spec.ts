import { describe, expect, it } from '@jest/globals';
import { type ExecutionContext } from '@nestjs/common';
import { loadConfig, ServerConfig } from '@parley/config';
import { metricValue } from '@parley/testing';
import { duration } from './rate-limit-headers.js';
import { RateLimitConfig } from './rate-limit.config.js';
import { RateLimitGuard } from './rate-limit.guard.js';
import { RateLimiters } from './rate-limiters.js';
import { RedisConfig } from './redis.config.js';
import { RedisConnection } from './redis.connection.js';
import { RequestLimit } from './request-limit.js';

const sections = { limit: RateLimitConfig, server: ServerConfig, redis: RedisConfig };

/** How many of 100 requests of one user at once get through. */
async function passed(environment: Record<string, string>): Promise<number> {
  const { limit, server, redis } = loadConfig(sections, environment);
  const guard = new RateLimitGuard(new RequestLimit(limit, server, new RateLimiters(new RedisConnection(redis))));
  const request = { principal: { apiKeyId: null, tenant: { userId: 'somebody' } } };
  const http = { getRequest: () => request, getResponse: () => ({ headers: () => undefined }) };
  const context = { switchToHttp: () => http } as unknown as ExecutionContext;
  const outcomes = await Promise.allSettled(Array.from({ length: 100 }, () => guard.canActivate(context)));
  return outcomes.filter(({ status }) => status === 'fulfilled').length;
}

describe('The rate limit', () => {
  it('is off by default, and 60 a minute in production', async () => {
    expect(await passed({})).toBe(100);
    expect(await passed({ ENVIRONMENT: 'production' })).toBe(60);
  });

  it('is what the setting says, 0 being none', async () => {
    expect(await passed({ RATE_LIMIT_REQUESTS_PER_MINUTE: '7' })).toBe(7);
    expect(await passed({ ENVIRONMENT: 'production', RATE_LIMIT_REQUESTS_PER_MINUTE: '0' })).toBe(100);
  });

  it('counts what it refuses', async () => {
    const refused = () => metricValue('parley_rate_limit_rejections_total', { limit: 'requests' });
    const before = await refused();
    await passed({ RATE_LIMIT_REQUESTS_PER_MINUTE: '7' });
    expect((await refused()) - before).toBe(93);
  });

  it('writes durations as OpenAI does', () => {
    expect([11.2, 999, 1_000, 59_001, 360_000].map(duration)).toEqual(['12ms', '999ms', '1s', '1m0s', '6m0s']);
  });
});
