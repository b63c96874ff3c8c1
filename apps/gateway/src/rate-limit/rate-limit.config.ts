import { Env, parseNumber } from '@parley/config';
import { IsInt, IsOptional, Max, Min } from 'class-validator';

export class RateLimitConfig {
  @Env('RATE_LIMIT_REQUESTS_PER_MINUTE', {
    description: 'Requests per minute of one API key or signed-in user; 0 is no limit; 60 in production, else 0',
    parse: parseNumber,
    optional: true,
  })
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(1_000_000)
  readonly requestsPerMinute!: number | undefined;
}
