import { Env } from '@parley/config';
import { IsInt, Max, Min } from 'class-validator';

export class IdempotencyConfig {
  @Env('IDEMPOTENCY_KEY_HOURS', {
    description: 'How long a request with an Idempotency-Key is remembered, and answered the same when it is repeated',
    default: 24,
  })
  @IsInt()
  @Min(1)
  @Max(720)
  readonly keyHours!: number;
}
