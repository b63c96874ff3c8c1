import { Global, Module } from '@nestjs/common';
import { RateLimiters } from './rate-limiters.js';
import { RedisConnection } from './redis.connection.js';

@Global()
@Module({ providers: [RedisConnection, RateLimiters], exports: [RateLimiters] })
export class RateLimitModule {}
