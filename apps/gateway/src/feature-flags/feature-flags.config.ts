import { Env } from '@parley/config';
import { IsInt, Max, Min } from 'class-validator';

export class FeatureFlagsConfig {
  @Env('FEATURE_FLAGS_POLL_MS', {
    description: 'How often every gateway reads the feature flags; a change is everywhere after that time',
    default: 500,
  })
  @IsInt()
  @Min(50)
  @Max(60_000)
  readonly pollMs!: number;

  @Env('ROLLOUT_CHECK_MS', { description: 'How often a rollout that is under way is judged', default: 10_000 })
  @IsInt()
  @Min(50)
  @Max(600_000)
  readonly rolloutCheckMs!: number;
}
