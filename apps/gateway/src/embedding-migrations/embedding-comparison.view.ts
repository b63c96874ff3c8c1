import { ApiProperty } from '@nestjs/swagger';
import { type EmbeddingComparison, type SpaceQuality } from '@parley/contracts';

export class SpaceQualityObject {
  @ApiProperty({ minimum: 0, maximum: 1 })
  recall_at_10!: number;

  @ApiProperty({ minimum: 0, maximum: 1 })
  ndcg_at_10!: number;
}

export class ComparedQualityObject {
  @ApiProperty({ type: SpaceQualityObject })
  from!: SpaceQualityObject;

  @ApiProperty({ type: SpaceQualityObject })
  to!: SpaceQualityObject;
}

export class DifferingQueryObject {
  @ApiProperty()
  query!: string;

  @ApiProperty({ minimum: 0, maximum: 1 })
  overlap_at_10!: number;
}

/** What a switch would change for those who search. */
export class EmbeddingComparisonObject {
  @ApiProperty({ enum: ['embedding_comparison'] })
  object!: 'embedding_comparison';

  @ApiProperty()
  query_count!: number;

  @ApiProperty({ type: Number, nullable: true, description: 'Share of the first ten chunks that both models find' })
  overlap_at_10!: number | null;

  @ApiProperty({ type: Number, nullable: true, description: 'The same for vectors without words' })
  vector_overlap_at_10!: number | null;

  @ApiProperty({
    type: ComparedQualityObject,
    nullable: true,
    description: 'Of the files found; null without questions',
  })
  quality!: ComparedQualityObject | null;

  @ApiProperty({ type: [DifferingQueryObject], description: 'At most ten, the most different first' })
  differing!: DifferingQueryObject[];
}

export function embeddingComparisonObject(comparison: EmbeddingComparison): EmbeddingComparisonObject {
  const { quality } = comparison;
  return {
    object: 'embedding_comparison',
    query_count: comparison.queryCount,
    overlap_at_10: comparison.overlapAt10,
    vector_overlap_at_10: comparison.vectorOverlapAt10,
    quality: quality && { from: qualityObject(quality.from), to: qualityObject(quality.to) },
    differing: comparison.differing.map(({ query, overlapAt10 }) => ({ query, overlap_at_10: overlapAt10 })),
  };
}

function qualityObject({ recallAt10, ndcgAt10 }: SpaceQuality): SpaceQualityObject {
  return { recall_at_10: recallAt10, ndcg_at_10: ndcgAt10 };
}
