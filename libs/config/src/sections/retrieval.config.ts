import { IsInt, IsNumber, Max, Min } from 'class-validator';
import { Env } from '../env.js';

export class RetrievalConfig {
  @Env(['SIMILARITY_THRESHOLD', 'MEMORY_SIMILARITY_THRESHOLD'], {
    description: 'Hits with a lower score, 0 to 1, are left out of answers; 0 keeps all',
    default: 0,
  })
  @IsNumber()
  @Min(0)
  @Max(1)
  readonly similarityThreshold!: number;

  @Env(['MAX_VECTOR_RESULTS', 'LONG_TERM_MEMORY_TOP_K'], { description: 'Passages that ground an answer', default: 5 })
  @IsInt()
  @Min(1)
  @Max(50)
  readonly maxResults!: number;

  @Env('RETRIEVAL_NEIGHBORS', {
    description: 'Chunks before and after each passage that ground an answer too',
    default: 0,
  })
  @IsInt()
  @Min(0)
  @Max(3)
  readonly neighbors!: number;
}
