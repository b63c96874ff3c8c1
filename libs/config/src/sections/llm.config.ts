import { IsInt, IsNumber, IsOptional, IsUrl, Max, Min } from 'class-validator';
import { Env, parseNumber } from '../env.js';
import { type EmbeddingModelSetting, parseEmbeddingModels } from './embedding-models.js';

const GEMINI_URL = 'https://generativelanguage.googleapis.com/v1beta/openai/';

/** The language model and embedding provider: anything that speaks OpenAI's protocol; none means the built-in one. */
export class LlmConfig {
  @Env('OPENAI_API_KEY', {
    description: 'Key of the provider; without key and base URL the built-in provider answers',
    optional: true,
    secret: true,
  })
  readonly apiKey!: string | undefined;

  @Env('GEMINI_API_KEY', {
    description: 'Key of Gemini, reached through its OpenAI-compatible endpoint',
    optional: true,
    secret: true,
  })
  readonly geminiApiKey!: string | undefined;

  @Env(['OPENAI_BASE_URL', 'LM_STUDIO_BASE_URL'], {
    description: 'Base URL of an OpenAI-compatible provider (LM Studio, Ollama, vLLM, Gemini)',
    optional: true,
    example: 'http://localhost:1234/v1',
  })
  @IsOptional()
  @IsUrl({ require_tld: false, require_protocol: true, protocols: ['http', 'https'] })
  readonly baseUrl!: string | undefined;

  @Env(['OPENAI_MODEL', 'LM_STUDIO_MODEL_NAME'], { description: 'Chat model', default: 'gpt-4' })
  readonly model!: string;

  @Env('OPENAI_EMBEDDING_MODEL', { description: 'Embedding model', default: 'text-embedding-ada-002' })
  readonly embeddingModel!: string;

  @Env('OPENAI_EMBEDDING_DIMENSIONS', {
    description: 'Asks the provider for shorter embeddings',
    optional: true,
    parse: parseNumber,
  })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(4000)
  readonly embeddingDimensions!: number | undefined;

  @Env('EMBEDDING_MODELS', {
    description: 'Further embedding models that knowledge bases may move to, separated by commas',
    optional: true,
    example: 'text-embedding-3-large:1024,nomic-embed-text',
    parse: parseEmbeddingModels,
  })
  readonly embeddingModels!: EmbeddingModelSetting[] | undefined;

  @Env(['OPENAI_MAX_TOKENS', 'MAX_TOKENS', 'LM_STUDIO_MAX_TOKENS'], {
    description: 'Longest answer in tokens, unless a request says otherwise',
    default: 1000,
  })
  @IsInt()
  @Min(1)
  @Max(1_000_000)
  readonly maxOutputTokens!: number;

  @Env(['OPENAI_TEMPERATURE', 'TEMPERATURE', 'GEMINI_TEMPERATURE', 'LM_STUDIO_TEMPERATURE'], {
    description: 'Sampling temperature, 0 to 2',
    default: 0.7,
  })
  @IsNumber()
  @Min(0)
  @Max(2)
  readonly temperature!: number;

  @Env('OPENAI_CONTEXT_WINDOW', {
    description: 'Context window of the model in tokens, when it is not a known one',
    optional: true,
    parse: parseNumber,
  })
  @IsOptional()
  @IsInt()
  @Min(256)
  readonly contextWindowTokens!: number | undefined;

  @Env('LLM_MAX_CONCURRENCY', { description: 'Requests to the provider at the same time, per process', default: 64 })
  @IsInt()
  @Min(1)
  readonly maxConcurrency!: number;

  @Env('LLM_FIRST_CONTENT_TIMEOUT_MS', {
    description: 'How long the provider may take for its first token',
    default: 45_000,
  })
  @IsInt()
  @Min(10)
  readonly firstContentTimeoutMs!: number;

  @Env('LLM_IDLE_TIMEOUT_MS', { description: 'How long the provider may pause between tokens', default: 30_000 })
  @IsInt()
  @Min(10)
  readonly idleTimeoutMs!: number;

  /** The key that goes with `providerUrl`. */
  get providerKey(): string | undefined {
    return this.apiKey ?? this.geminiApiKey;
  }

  /** Undefined means OpenAI's own, or the built-in provider when there is no key either. */
  get providerUrl(): string | undefined {
    return this.baseUrl ?? (this.apiKey === undefined && this.geminiApiKey !== undefined ? GEMINI_URL : undefined);
  }
}
