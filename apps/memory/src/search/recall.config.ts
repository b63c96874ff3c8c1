import { Env } from '@parley/config';
import { IsNumber, Max, Min } from 'class-validator';

export class RecallConfig {
  @Env('RETRIEVAL_RECALL_SAMPLE_SHARE', {
    description:
      'Share, 0 to 1, of vector searches by the index that are repeated exactly in the background, for the metric parley_retrieval_recall',
    default: 0.01,
  })
  @IsNumber()
  @Min(0)
  @Max(1)
  readonly sampleShare!: number;
}
