import { Module } from '@nestjs/common';
import { APP_INTERCEPTOR } from '@nestjs/core';
import { IdempotencyKeysRepository } from './idempotency-keys.repository.js';
import { IdempotencyInterceptor } from './idempotency.interceptor.js';
import { IdempotentRuns } from './idempotent-runs.js';
import { IdempotencySweeper } from './idempotency.sweeper.js';

@Module({
  providers: [
    IdempotencyKeysRepository,
    IdempotencySweeper,
    IdempotentRuns,
    { provide: APP_INTERCEPTOR, useClass: IdempotencyInterceptor },
  ],
  exports: [IdempotentRuns],
})
export class IdempotencyModule {}
