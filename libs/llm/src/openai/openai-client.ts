import OpenAI from 'openai';
import { type ResolvedLlmOptions } from '../llm-options.js';

/** Local servers check no key, but the SDK insists on one. */
const NO_KEY = 'none';

/**
 * The SDK as a plain HTTP client: no retries and no logs of its own, nothing taken from the environment behind our back.
 * Its timer ends with the response's headers, so every caller brings a watchdog.
 */
export function createOpenAiClient(options: ResolvedLlmOptions): OpenAI {
  return new OpenAI({
    apiKey: options.openaiApiKey || NO_KEY,
    baseURL: options.openaiBaseUrl || 'https://api.openai.com/v1',
    maxRetries: 0,
    timeout: options.overallTimeoutMs,
    organization: null,
    project: null,
    adminAPIKey: null,
    logLevel: 'off',
  });
}

/** Where OpenAI's own endpoint and the many compatible servers differ. */
export interface Dialect {
  maxTokensField: 'max_tokens' | 'max_completion_tokens';
  embeddingEncoding: 'base64' | 'float';
  /** Others know only `system`. */
  developerRole: boolean;
}

export function dialectOf(options: ResolvedLlmOptions): Dialect {
  const host = options.openaiBaseUrl ? new URL(options.openaiBaseUrl).hostname : 'api.openai.com';
  const own = /(^|\.)openai(\.azure)?\.com$/.test(host);
  return {
    maxTokensField: options.maxTokensField ?? (own ? 'max_completion_tokens' : 'max_tokens'),
    embeddingEncoding: options.embeddingEncoding ?? (own ? 'base64' : 'float'),
    developerRole: own,
  };
}
