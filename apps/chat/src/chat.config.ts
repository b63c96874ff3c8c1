import { Env } from '@parley/config';
import { IsBoolean, IsInt, Max, Min } from 'class-validator';

export class ChatConfig {
  @Env('SHORT_TERM_MEMORY_SIZE', { description: 'Turns of a conversation that the model is reminded of', default: 10 })
  @IsInt()
  @Min(0)
  @Max(1_000)
  readonly shortTermMemoryTurns!: number;

  @Env('CONVERSATION_SUMMARY_TOKENS', {
    description:
      'Longest summary of the turns that a conversation has forgotten, made beside the answers; 0 makes none',
    default: 400,
  })
  @IsInt()
  @Min(0)
  @Max(8_000)
  readonly summaryTokens!: number;

  @Env('CONVERSATION_TITLES', {
    description: 'Lets the model name conversations after their first answer; otherwise they begin with their question',
    default: true,
  })
  @IsBoolean()
  readonly titles!: boolean;

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
