import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { FEATURE_NAME } from '@parley/contracts';
import { IsInt, IsOptional, IsString, Length, Matches, Max, MaxLength, Min } from 'class-validator';

export class SetPercentageBody {
  @ApiProperty({ pattern: FEATURE_NAME.source, example: 'streaming' })
  @Matches(FEATURE_NAME)
  feature!: string;

  @ApiProperty({ minimum: 0, maximum: 100, description: 'Of users' })
  @IsInt()
  @Min(0)
  @Max(100)
  percentage!: number;
}

export class DefineFlagBody {
  @ApiPropertyOptional({ maxLength: 500 })
  @IsOptional()
  @IsString()
  @MaxLength(500)
  description: string = '';

  @ApiProperty({ description: 'A model or alias, as clients and assistants name it' })
  @IsString()
  @Length(1, 256)
  model!: string;

  @ApiProperty({ description: 'The model or alias that answers for it where the flag is on' })
  @IsString()
  @Length(1, 256)
  replacement!: string;
}
