import { ApiProperty } from '@nestjs/swagger';
import { LOG_LEVELS, type LogLevel } from '@parley/config';
import { IsIn, IsInt, Max, Min } from 'class-validator';

const DEFAULT_SECONDS = 900;
const MAX_SECONDS = 86_400;

export class SetLogLevelBody {
  @ApiProperty({ enum: LOG_LEVELS })
  @IsIn(LOG_LEVELS)
  readonly level!: LogLevel;

  @ApiProperty({ type: Number, required: false, minimum: 1, maximum: MAX_SECONDS, default: DEFAULT_SECONDS })
  @IsInt()
  @Min(1)
  @Max(MAX_SECONDS)
  readonly expires_in_seconds: number = DEFAULT_SECONDS;
}
