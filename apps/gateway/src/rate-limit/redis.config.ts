import { Env } from '@parley/config';
import { IsOptional, Matches } from 'class-validator';

export class RedisConfig {
  @Env('REDIS_URL', {
    description: 'Redis, so that limits hold across replicas; without it each process counts for itself',
    optional: true,
    secret: true,
    example: 'redis://localhost:6379',
  })
  @IsOptional()
  @Matches(/^rediss?:\/\//, { message: 'redisUrl must start with redis://' })
  readonly redisUrl!: string | undefined;
}
