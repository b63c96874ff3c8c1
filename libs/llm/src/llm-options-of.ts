import { type LlmConfig } from '@parley/config';
import { type LlmOptions } from './llm-options.js';

/** The options that the environment asks for: the same in every app that talks to the provider. */
export function llmOptionsOf(config: Readonly<LlmConfig>): LlmOptions {
  return {
    openaiApiKey: config.providerKey,
    openaiBaseUrl: config.providerUrl,
    model: config.model,
    embeddingModel: config.embeddingModel,
    embeddingDimensions: config.embeddingDimensions,
    embeddingModels: config.embeddingModels,
    maxOutputTokens: config.maxOutputTokens,
    temperature: config.temperature,
    contextWindowTokens: config.contextWindowTokens,
    maxConcurrentRequests: config.maxConcurrency,
    firstContentTimeoutMs: config.firstContentTimeoutMs,
    idleTimeoutMs: config.idleTimeoutMs,
  };
}
