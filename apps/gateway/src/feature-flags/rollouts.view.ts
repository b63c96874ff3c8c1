import { ApiProperty } from '@nestjs/swagger';
import { type Figures } from './rollout-gates.js';
import { type Rollout, type RolloutState } from './rollouts.repository.js';
import { BoundsBody, GatesBody, StageBody } from './rollouts.request.js';
import { type Bounds } from './rollout-plan.js';

export class FiguresObject implements Figures {
  @ApiProperty({ description: 'Answers that ended, without those that somebody cancelled' })
  runs!: number;

  @ApiProperty()
  errors!: number;

  @ApiProperty({ type: Number, nullable: true })
  error_rate!: number | null;

  @ApiProperty({ type: Number, nullable: true })
  success_rate!: number | null;

  @ApiProperty({ type: Number, nullable: true, description: 'Milliseconds to the first token, on average' })
  first_token_ms!: number | null;
}

export class RolloutFiguresObject {
  @ApiProperty({ type: FiguresObject, description: 'Users with the feature on, since the stage began' })
  on!: FiguresObject;

  @ApiProperty({ type: FiguresObject })
  on_recently!: FiguresObject;

  @ApiProperty({ type: FiguresObject, description: 'The others, to compare with' })
  off!: FiguresObject;
}

export class RolloutVerdictObject {
  @ApiProperty({ enum: ['proceed', 'wait', 'roll_back'] })
  decision!: string;

  @ApiProperty()
  reason!: string;

  @ApiProperty({ format: 'date-time' })
  judged_at!: string;

  @ApiProperty({ type: RolloutFiguresObject })
  figures!: RolloutFiguresObject;
}

export class RolloutObject {
  @ApiProperty({ format: 'uuid' })
  id!: string;

  @ApiProperty({ enum: ['rollout'] })
  object!: 'rollout';

  @ApiProperty()
  feature!: string;

  @ApiProperty({ enum: ['running', 'completed', 'rolled_back', 'stopped'] })
  state!: RolloutState;

  @ApiProperty({ description: 'Index of the stage that is, or was last, on' })
  stage!: number;

  @ApiProperty({ format: 'date-time' })
  stage_began_at!: string;

  @ApiProperty({ type: [StageBody] })
  stages!: StageBody[];

  @ApiProperty({ type: GatesBody })
  gates!: GatesBody;

  @ApiProperty({ type: RolloutVerdictObject, nullable: true, description: 'How it was judged last' })
  verdict!: RolloutVerdictObject | null;

  @ApiProperty({ format: 'date-time' })
  created_at!: string;

  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  ended_at!: string | null;
}

export class RolloutListObject {
  @ApiProperty({ enum: ['list'] })
  object!: 'list';

  @ApiProperty({ type: [RolloutObject] })
  data!: RolloutObject[];
}

export function rolloutObject(rollout: Rollout): RolloutObject {
  const { id, feature, state, stage, stages, gates, verdict } = rollout;
  return {
    ...{ id, object: 'rollout', feature, state, stage },
    stage_began_at: rollout.stageBeganAt.toISOString(),
    stages: stages.map(({ percentage, watchSeconds }) => ({ percentage, watch_seconds: watchSeconds })),
    gates: {
      ...{ min_runs: gates.minRuns, window_seconds: gates.windowSeconds },
      ...{ proceed: boundsObject(gates.proceed), roll_back: boundsObject(gates.rollBack) },
    },
    verdict,
    created_at: rollout.createdAt.toISOString(),
    ended_at: rollout.endedAt?.toISOString() ?? null,
  };
}

function boundsObject({ errorRate, successRate, firstTokenMs }: Bounds): BoundsBody {
  return { error_rate: errorRate, success_rate: successRate, first_token_ms: firstTokenMs };
}
