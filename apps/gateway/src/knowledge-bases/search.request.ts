import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import {
  type AttributeFilter,
  DomainError,
  type Fusion,
  FUSIONS,
  MAX_NEIGHBORS,
  type SearchRequest,
} from '@parley/contracts';
import { Transform, Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayMinSize,
  IsArray,
  IsBoolean,
  IsIn,
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

export class HybridSearchOptions {
  @ApiProperty({ minimum: 0, example: 0.2 })
  @IsNumber()
  @Min(0)
  embedding_weight!: number;

  @ApiProperty({ minimum: 0, example: 0.8 })
  @IsNumber()
  @Min(0)
  text_weight!: number;
}

export class RankingOptions {
  @ApiPropertyOptional({
    example: 'auto',
    description: '`none` switches the reranker off; every other means the one that is set up, if any',
  })
  @IsOptional()
  @IsString()
  ranker?: string | null;

  @ApiPropertyOptional({ minimum: 0, maximum: 1, default: 0 })
  @IsOptional()
  @IsNumber()
  @Min(0)
  @Max(1)
  score_threshold?: number | null;

  @ApiPropertyOptional({
    type: HybridSearchOptions,
    nullable: true,
    description: 'What the legs count for; by default what the embedding model is worth',
  })
  @IsOptional()
  @IsObject()
  @ValidateNested()
  @Type(() => HybridSearchOptions)
  hybrid_search?: HybridSearchOptions | null;

  @ApiPropertyOptional({
    enum: FUSIONS,
    default: 'scores',
    description: 'By the scores of the legs, or by their ranks',
  })
  @IsOptional()
  @IsIn(FUSIONS)
  fusion?: Fusion | null;
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

  @ApiPropertyOptional({
    minimum: 0,
    maximum: MAX_NEIGHBORS,
    default: 0,
    description: 'Chunks before and after each hit, in `parley.neighbors`',
  })
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(MAX_NEIGHBORS)
  neighbors?: number | null;

  @ApiPropertyOptional({
    default: false,
    description: 'Scores per leg, the plan and the time of each stage, in `parley`',
  })
  @IsOptional()
  @IsBoolean()
  explain?: boolean | null;
}

/** @throws DomainError `invalid_request` when the weights leave nothing to search by */
export function searchRequest(knowledgeBaseId: string, body: SearchBody): SearchRequest {
  const { ranker, score_threshold, hybrid_search, fusion } = body.ranking_options ?? {};
  return {
    knowledgeBaseIds: [knowledgeBaseId],
    queries: body.query,
    maxResults: body.max_num_results ?? 10,
    scoreThreshold: score_threshold ?? 0,
    ...(body.filters ? { filter: body.filters } : {}),
    ...(hybrid_search ? { weights: weights(hybrid_search) } : {}),
    ...(fusion ? { fusion } : {}),
    ...(ranker === 'none' ? { rerank: false } : {}),
    ...(body.neighbors ? { neighbors: body.neighbors } : {}),
    ...(body.explain ? { explain: true } : {}),
  };
}

function weights({ embedding_weight: vector, text_weight: lexical }: HybridSearchOptions) {
  if (vector + lexical === 0) {
    throw new DomainError('invalid_request', 'One of the weights has to be greater than 0.', {
      param: 'ranking_options.hybrid_search',
    });
  }
  return { lexical, vector };
}
