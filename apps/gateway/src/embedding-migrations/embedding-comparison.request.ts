import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { MAX_COMPARED_QUERIES } from '@parley/contracts';
import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayMinSize,
  IsArray,
  IsInt,
  IsOptional,
  IsString,
  Length,
  Max,
  Min,
  ValidateNested,
} from 'class-validator';

export class ComparisonQuery {
  @ApiPropertyOptional({ minimum: 1, maximum: MAX_COMPARED_QUERIES, default: 20 })
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(MAX_COMPARED_QUERIES)
  sample: number = 20;
}

export class ExpectedFilesBody {
  @ApiProperty()
  @IsString()
  @Length(1, 8_192)
  query!: string;

  @ApiProperty({ type: [String], description: 'The files that answer it' })
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(100)
  @IsString({ each: true })
  file_ids!: string[];
}

/** Either questions or queries. */
export class ComparisonBody {
  @ApiPropertyOptional({ type: [ExpectedFilesBody], description: 'Shows how well both models find the files, too' })
  @IsOptional()
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(MAX_COMPARED_QUERIES)
  @ValidateNested({ each: true })
  @Type(() => ExpectedFilesBody)
  questions?: ExpectedFilesBody[];

  @ApiPropertyOptional({ type: [String] })
  @IsOptional()
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(MAX_COMPARED_QUERIES)
  @IsString({ each: true })
  @Length(1, 8_192, { each: true })
  queries?: string[];
}
