import { ApiPropertyOptional, ApiProperty } from '@nestjs/swagger';
import { DomainError } from '@parley/contracts';
import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayMinSize,
  IsArray,
  IsInt,
  IsNumber,
  IsObject,
  IsOptional,
  Max,
  Min,
  ValidateNested,
} from 'class-validator';
import { type Bounds, DEFAULT_GATES, DEFAULT_STAGES, type Gates, type Stage } from './rollout-plan.js';

const MAX_STAGES = 20;
const THIRTY_DAYS_SECONDS = 2_592_000;

export class StageBody {
  @ApiProperty({ minimum: 1, maximum: 100 })
  @IsInt()
  @Min(1)
  @Max(100)
  percentage!: number;

  @ApiProperty({ minimum: 0, maximum: THIRTY_DAYS_SECONDS, description: 'How long it is watched, at least' })
  @IsInt()
  @Min(0)
  @Max(THIRTY_DAYS_SECONDS)
  watch_seconds!: number;
}

export class BoundsBody {
  @ApiPropertyOptional({ minimum: 0, maximum: 1 })
  @IsOptional()
  @IsNumber()
  @Min(0)
  @Max(1)
  error_rate?: number;

  @ApiPropertyOptional({ minimum: 0, maximum: 1 })
  @IsOptional()
  @IsNumber()
  @Min(0)
  @Max(1)
  success_rate?: number;

  @ApiPropertyOptional({ minimum: 1, maximum: 600_000, description: 'On average' })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(600_000)
  first_token_ms?: number;
}

export class GatesBody {
  @ApiPropertyOptional({ minimum: 1, maximum: 10_000, default: DEFAULT_GATES.minRuns })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(10_000)
  min_runs?: number;

  @ApiPropertyOptional({ minimum: 10, maximum: 86_400, default: DEFAULT_GATES.windowSeconds })
  @IsOptional()
  @IsInt()
  @Min(10)
  @Max(86_400)
  window_seconds?: number;

  @ApiPropertyOptional({ type: BoundsBody, description: 'Default: errors < 1 %, successes > 95 %, < 1,000 ms' })
  @IsOptional()
  @IsObject()
  @ValidateNested()
  @Type(() => BoundsBody)
  proceed?: BoundsBody;

  @ApiPropertyOptional({ type: BoundsBody, description: 'Default: errors > 2 %, successes < 90 %, > 2,000 ms' })
  @IsOptional()
  @IsObject()
  @ValidateNested()
  @Type(() => BoundsBody)
  roll_back?: BoundsBody;
}

export class StartRolloutBody {
  @ApiPropertyOptional({
    type: [StageBody],
    description: 'In ascending order; default: 1, 5, 10, 25, 50, 75, 90 and 100 % in five days',
  })
  @IsOptional()
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(MAX_STAGES)
  @ValidateNested({ each: true })
  @Type(() => StageBody)
  stages?: StageBody[];

  @ApiPropertyOptional({ type: GatesBody })
  @IsOptional()
  @IsObject()
  @ValidateNested()
  @Type(() => GatesBody)
  gates?: GatesBody;

  /** @throws DomainError `invalid_request` when the stages do not ascend */
  toPlan(): { stages: readonly Stage[]; gates: Gates } {
    const stages = this.stages?.map(({ percentage, watch_seconds }) => ({ percentage, watchSeconds: watch_seconds }));
    if (stages?.some(({ percentage }, index) => index > 0 && percentage <= stages[index - 1]!.percentage)) {
      throw new DomainError('invalid_request', 'The percentages of the stages must ascend.', { param: 'stages' });
    }
    const { min_runs, window_seconds, proceed, roll_back } = this.gates ?? {};
    return {
      stages: stages ?? DEFAULT_STAGES,
      gates: {
        minRuns: min_runs ?? DEFAULT_GATES.minRuns,
        windowSeconds: window_seconds ?? DEFAULT_GATES.windowSeconds,
        proceed: boundsOf(proceed, DEFAULT_GATES.proceed),
        rollBack: boundsOf(roll_back, DEFAULT_GATES.rollBack),
      },
    };
  }
}

function boundsOf(body: BoundsBody | undefined, defaults: Bounds): Bounds {
  return {
    errorRate: body?.error_rate ?? defaults.errorRate,
    successRate: body?.success_rate ?? defaults.successRate,
    firstTokenMs: body?.first_token_ms ?? defaults.firstTokenMs,
  };
}
