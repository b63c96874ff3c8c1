import { IsInt, IsOptional, IsUrl, Max, Min } from 'class-validator';
import { Env } from '../env.js';

/** A server that judges the best hits of a search anew; none by default. */
export class RerankConfig {
  @Env('RERANK_BASE_URL', {
    description: 'Base URL of a reranker with /rerank (Cohere, Jina, vLLM, Infinity); without it hits are not reranked',
    optional: true,
    example: 'https://api.cohere.com/v2',
  })
  @IsOptional()
  @IsUrl({ require_tld: false, require_protocol: true, protocols: ['http', 'https'] })
  readonly baseUrl!: string | undefined;

  @Env('RERANK_MODEL', { description: 'Model of the reranker', default: 'rerank-v3.5' })
  readonly model!: string;

  @Env('RERANK_API_KEY', { description: 'Key of the reranker', optional: true, secret: true })
  readonly apiKey!: string | undefined;

  @Env('RERANK_TOP_N', { description: 'How many of the best hits are judged', default: 30 })
  @IsInt()
  @Min(2)
  @Max(200)
  readonly topN!: number;

  @Env('RERANK_TIMEOUT_MS', { description: 'After this time hits keep the order they have', default: 3_000 })
  @IsInt()
  @Min(100)
  @Max(10_000)
  readonly timeoutMs!: number;
}
