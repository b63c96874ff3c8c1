export interface EmbeddingModel {
  model: string;
  /** Asked of models that can shorten their vectors, expected of all others; undefined: as long as they are. */
  dimensions?: number | undefined;
}

/** Plain settings; the apps read them from the environment. Without key and base URL the built-in provider answers. */
export interface LlmOptions {
  /** Of a declared provider. */
  name?: string | undefined;
  openaiApiKey?: string | undefined;
  /** Of any OpenAI-compatible endpoint, usually ending in `/v1`; OpenAI's own by default. */
  openaiBaseUrl?: string | undefined;
  /** Default chat model. */
  model: string;
  embeddingModel: string;
  /** Asked of models that can shorten their vectors, expected of all others. */
  embeddingDimensions?: number | undefined;
  /** That may be chosen beside the default one. */
  embeddingModels?: readonly EmbeddingModel[] | undefined;
  maxOutputTokens?: number | undefined;
  temperature?: number | undefined;
  /** Instead of what is known about the model. */
  contextWindowTokens?: number | undefined;
  /** OpenAI's newer models know only the second, most local servers only the first: chosen by the base URL. */
  maxTokensField?: 'max_tokens' | 'max_completion_tokens' | undefined;
  /** `base64` is smaller, not every server knows it: chosen by the base URL. */
  embeddingEncoding?: 'base64' | 'float' | undefined;
  /** From sending the request to the first content, the time to connect included. */
  firstContentTimeoutMs?: number | undefined;
  /** Between two chunks. */
  idleTimeoutMs?: number | undefined;
  /** Of a whole run, with waiting and retries. */
  overallTimeoutMs?: number | undefined;
  /** Of one embedding request. */
  embeddingTimeoutMs?: number | undefined;
  /** How long a bulk embedding batch may wait for the provider's rate limit; a query waits a tenth of it. */
  embeddingQueueTimeoutMs?: number | undefined;
  embeddingTokensPerMinute?: number | undefined;
  /** Requests at the provider at the same time, chat and embeddings each. */
  maxConcurrentRequests?: number | undefined;
  maxQueuedRequests?: number | undefined;
  queueTimeoutMs?: number | undefined;
  /** Of one request, before the first token only. */
  maxRetries?: number | undefined;
  retryDelayMs?: number | undefined;
  /** A provider that asks for a longer pause is not retried: its rate limit becomes the answer. */
  maxRetryAfterMs?: number | undefined;
  /** Outages in a row that open the breaker. */
  breakerThreshold?: number | undefined;
  breakerPauseMs?: number | undefined;
}

export const LLM_DEFAULTS = {
  firstContentTimeoutMs: 45_000,
  idleTimeoutMs: 30_000,
  overallTimeoutMs: 600_000,
  embeddingTimeoutMs: 60_000,
  embeddingQueueTimeoutMs: 120_000,
  embeddingTokensPerMinute: 1_000_000,
  maxConcurrentRequests: 32,
  maxQueuedRequests: 64,
  queueTimeoutMs: 15_000,
  maxRetries: 2,
  retryDelayMs: 500,
  maxRetryAfterMs: 20_000,
  breakerThreshold: 5,
  breakerPauseMs: 10_000,
} as const satisfies Partial<LlmOptions>;

export type ResolvedLlmOptions = LlmOptions & { [Name in keyof typeof LLM_DEFAULTS]: number };

/** Fills in the defaults; a setting that is present but undefined counts as absent. */
export function resolveLlmOptions(options: LlmOptions): ResolvedLlmOptions {
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as LlmOptions;
  return { ...LLM_DEFAULTS, ...given };
}

/** Whether there is an endpoint to talk to. */
export function hasEndpoint(options: Pick<LlmOptions, 'openaiApiKey' | 'openaiBaseUrl'>): boolean {
  return Boolean(options.openaiApiKey) || Boolean(options.openaiBaseUrl);
}
