import { Env } from '@parley/config';
import { IsInt, Max, Min } from 'class-validator';

export class ChatConfig {
  @Env('SHORT_TERM_MEMORY_SIZE', { description: 'Turns of a conversation that the model is reminded of', default: 10 })
  @IsInt()
  @Min(0)
  @Max(1_000)
  readonly shortTermMemoryTurns!: number;

  @Env('CHAT_MAX_CONCURRENT_RUNS', {
    description: 'Answers generated at the same time, per process; further requests get 503 with Retry-After',
    default: 256,
  })
  @IsInt()
  @Min(1)
  @Max(100_000)
  readonly maxConcurrentRuns!: number;

  @Env('RUN_ABANDON_GRACE_MS', {
    description: 'How long an answer is generated further after its last listener has left',
    default: 60_000,
  })
  @IsInt()
  @Min(0)
  @Max(86_400_000)
  readonly abandonGraceMs!: number;
}
