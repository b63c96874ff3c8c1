import { ApiProperty } from '@nestjs/swagger';
import { type Fusion, FUSIONS, type HitExplanation, type SearchExplanation } from '@parley/contracts';

export class LegScoreView {
  @ApiProperty()
  score!: number;

  @ApiProperty({ description: 'From 1, among the candidates of both legs' })
  rank!: number;
}

export class HitExplanationView {
  @ApiProperty({ description: 'The one of several queries that found it best' })
  query!: string;

  @ApiProperty({
    type: LegScoreView,
    nullable: true,
    description: 'By BM25; null when the chunk has none of the words',
  })
  lexical!: LegScoreView | null;

  @ApiProperty({ type: LegScoreView, nullable: true, description: 'By cosine; null when no vectors were compared' })
  vector!: LegScoreView | null;

  @ApiProperty({ description: 'The score that the legs made together' })
  fused!: number;

  @ApiProperty({ type: Number, nullable: true, description: 'What the reranker said' })
  reranked!: number | null;
}

export class LexicalPlanView {
  @ApiProperty()
  candidates!: number;

  @ApiProperty({ type: [String], description: 'Terms of the best chunks that were added to the query, stemmed' })
  feedback_terms!: string[];
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

  @ApiProperty({ type: String, nullable: true, description: 'The model that judged the best hits' })
  reranker!: string | null;

  @ApiProperty({ type: 'object', additionalProperties: { type: 'number' }, description: 'Of each stage of the search' })
  milliseconds!: Record<string, number>;
}

export function hitExplanation({ query, lexical, vector, fused, reranked }: HitExplanation): HitExplanationView {
  return { query, lexical, vector, fused, reranked };
}

export function searchExplanation({ queries, reranker, milliseconds }: SearchExplanation): SearchExplanationView {
  return {
    queries: queries.map(({ lexical, vector: { embeddingSpaceId, ...vector }, weights, ...rest }) => ({
      ...rest,
      lexical: { candidates: lexical.candidates, feedback_terms: lexical.feedbackTerms },
      vector: { ...vector, embedding_space_id: embeddingSpaceId },
      weights: { embedding_weight: weights.vector, text_weight: weights.lexical },
    })),
    reranker,
    milliseconds,
  };
}
