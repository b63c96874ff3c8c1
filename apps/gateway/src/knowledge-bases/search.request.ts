import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { type AttributeFilter, type SearchRequest } from '@parley/contracts';
import { Transform, Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayMinSize,
  IsArray,
  IsBoolean,
  IsInt,
  IsNotEmpty,
  IsNumber,
  IsObject,
  IsOptional,
  IsString,
  Max,
  MaxLength,
  Min,
  ValidateNested,
} from 'class-validator';

export class RankingOptions {
  @ApiPropertyOptional({ example: 'auto', description: 'Accepted; the ranking is always the hybrid one' })
  @IsOptional()
  @IsString()
  ranker?: string | null;

  @ApiPropertyOptional({ minimum: 0, maximum: 1, default: 0 })
  @IsOptional()
  @IsNumber()
  @Min(0)
  @Max(1)
  score_threshold?: number | null;
}

export class SearchBody {
  @ApiProperty({ oneOf: [{ type: 'string' }, { type: 'array', items: { type: 'string' }, maxItems: 10 }] })
  @Transform(({ value }: { value: unknown }) => (typeof value === 'string' ? [value] : value))
  @IsArray({ message: '$property must be a string or a list of strings' })
  @ArrayMinSize(1)
  @ArrayMaxSize(10)
  @IsString({ each: true })
  @IsNotEmpty({ each: true })
  @MaxLength(8_192, { each: true })
  query!: string[];

  @ApiPropertyOptional({ minimum: 1, maximum: 50, default: 10 })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(50)
  max_num_results?: number | null;

  @ApiPropertyOptional({
    type: 'object',
    additionalProperties: true,
    nullable: true,
    description: 'Comparison {type, key, value} or compound {type: and | or, filters}',
  })
  @IsOptional()
  @IsObject()
  filters?: AttributeFilter | null;

  @ApiPropertyOptional({ type: RankingOptions, nullable: true })
  @IsOptional()
  @IsObject()
  @ValidateNested()
  @Type(() => RankingOptions)
  ranking_options?: RankingOptions | null;

  @ApiPropertyOptional({ description: 'Accepted; queries are searched as they are' })
  @IsOptional()
  @IsBoolean()
  rewrite_query?: boolean | null;
}

export function searchRequest(knowledgeBaseId: string, body: SearchBody): SearchRequest {
  return {
    knowledgeBaseIds: [knowledgeBaseId],
    queries: body.query,
    maxResults: body.max_num_results ?? 10,
    scoreThreshold: body.ranking_options?.score_threshold ?? 0,
    ...(body.filters ? { filter: body.filters } : {}),
  };
}
