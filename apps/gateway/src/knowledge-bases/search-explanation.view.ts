import { ApiProperty } from '@nestjs/swagger';
import { type Fusion, FUSIONS, type HitExplanation, type SearchExplanation } from '@parley/contracts';

export class LegScoreView {
  @ApiProperty()
  score!: number;

  @ApiProperty({ description: 'From 1, among the candidates of the leg' })
  rank!: number;
}

export class HitExplanationView {
  @ApiProperty({ description: 'The one of several queries that found it best' })
  query!: string;

  @ApiProperty({ type: LegScoreView, nullable: true, description: 'By BM25; null when not among the candidates' })
  lexical!: LegScoreView | null;

  @ApiProperty({ type: LegScoreView, nullable: true, description: 'By cosine; null when not among the candidates' })
  vector!: LegScoreView | null;
}

export class LexicalPlanView {
  @ApiProperty()
  candidates!: number;
}

export class VectorPlanView {
  @ApiProperty({ enum: ['exact', 'index', 'none'] })
  scan!: 'exact' | 'index' | 'none';

  @ApiProperty()
  candidates!: number;

  @ApiProperty({ type: String, nullable: true })
  embedding_space_id!: string | null;

  @ApiProperty({ type: String, nullable: true })
  model!: string | null;

  @ApiProperty({ type: Number, nullable: true })
  dimensions!: number | null;
}

export class FusionWeightsView {
  @ApiProperty()
  embedding_weight!: number;

  @ApiProperty()
  text_weight!: number;
}

export class QueryExplanationView {
  @ApiProperty()
  query!: string;

  @ApiProperty({ type: LexicalPlanView })
  lexical!: LexicalPlanView;

  @ApiProperty({ type: VectorPlanView })
  vector!: VectorPlanView;

  @ApiProperty({ enum: FUSIONS })
  fusion!: Fusion;

  @ApiProperty({ type: FusionWeightsView })
  weights!: FusionWeightsView;

  @ApiProperty({
    type: 'object',
    additionalProperties: { type: 'number' },
    description: 'Of each stage in the database',
  })
  milliseconds!: Record<string, number>;
}

export class SearchExplanationView {
  @ApiProperty({ type: [QueryExplanationView] })
  queries!: QueryExplanationView[];

  @ApiProperty({ type: 'object', additionalProperties: { type: 'number' }, description: 'Of each stage of the search' })
  milliseconds!: Record<string, number>;
}

export function hitExplanation({ query, lexical, vector }: HitExplanation): HitExplanationView {
  return { query, lexical, vector };
}

export function searchExplanation({ queries, milliseconds }: SearchExplanation): SearchExplanationView {
  return {
    queries: queries.map(({ vector: { embeddingSpaceId, ...vector }, weights, ...rest }) => ({
      ...rest,
      vector: { ...vector, embedding_space_id: embeddingSpaceId },
      weights: { embedding_weight: weights.vector, text_weight: weights.lexical },
    })),
    milliseconds,
  };
}
