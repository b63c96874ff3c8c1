import { Global, Module } from '@nestjs/common';
import { RateLimiters } from './rate-limiters.js';
import { RedisConnection } from './redis.connection.js';
import { RequestLimit } from './request-limit.js';

@Global()
@Module({ providers: [RedisConnection, RateLimiters, RequestLimit], exports: [RateLimiters, RequestLimit] })
export class RateLimitModule {}
