import { BUILTIN_PROVIDER, type LlmConfig, type ModelsFile, type ProviderSetting } from '@parley/config';
import { BUILTIN_CHAT_MODEL, BuiltinChatProvider } from './builtin/builtin.chat-provider.js';
import { ChatModels, type NamedProvider } from './chat-models.js';
import { type LlmObserver } from './llm-observer.js';
import { type LlmOptions, resolveLlmOptions } from './llm-options.js';
import { llmOptionsOf } from './llm-options-of.js';
import { OpenAiChatProvider } from './openai/openai.chat-provider.js';
import { createChatProvider } from './providers.js';

/**
 * The models that the configuration asks for: those of the file, or without one those of the single provider that the
 * environment describes. The built-in provider is always there, for aliases to fall back on.
 */
export function chatModelsOf(config: Readonly<LlmConfig>, file: ModelsFile, observer?: LlmObserver): ChatModels {
  const defaults = llmOptionsOf(config);
  const declared = (file.providers ?? []).map((setting): NamedProvider => {
    const options = resolveLlmOptions(optionsOf(setting, defaults));
    const naming = setting.all_models ? 'prefixed' : 'hidden';
    return { provider: new OpenAiChatProvider(options, observer), naming };
  });
  const providers = declared.length > 0 ? declared : [environmentProvider(defaults, observer)];
  if (!providers.some(({ provider }) => provider.name === BUILTIN_PROVIDER)) {
    providers.push({ provider: new BuiltinChatProvider(observer), naming: 'hidden' });
  }
  return new ChatModels(
    {
      providers,
      aliases: new Map((file.models ?? []).map(({ name, targets }) => [name, targets.map(targetOf)])),
      defaultModel: file.default_model ?? file.models?.[0]?.name ?? environmentModel(providers, defaults),
      prices: (file.prices ?? []).map(({ cached_input: cachedInput, ...price }) => ({ ...price, cachedInput })),
      // What is set for the one model of the environment says nothing about the models of others.
      contextWindowTokens: declared.length > 0 ? undefined : defaults.contextWindowTokens,
    },
    observer,
  );
}

function environmentProvider(options: LlmOptions, observer?: LlmObserver): NamedProvider {
  return { provider: createChatProvider(options, observer), naming: 'plain' };
}

function environmentModel([first]: NamedProvider[], options: LlmOptions): string {
  return first?.provider.name === BUILTIN_PROVIDER ? BUILTIN_CHAT_MODEL : options.model;
}

function targetOf({
  provider,
  model,
  context_window_tokens: contextWindowTokens,
}: {
  provider: string;
  model: string;
  context_window_tokens?: number;
}) {
  return { provider, model, contextWindowTokens };
}

function optionsOf(setting: ProviderSetting, defaults: LlmOptions): LlmOptions {
  return {
    ...defaults,
    name: setting.name,
    openaiBaseUrl: setting.base_url,
    openaiApiKey: setting.apiKey,
    contextWindowTokens: undefined,
    maxTokensField: setting.max_tokens_field,
    maxConcurrentRequests: setting.max_concurrent_requests ?? defaults.maxConcurrentRequests,
    maxQueuedRequests: setting.max_queued_requests,
    queueTimeoutMs: setting.queue_timeout_ms,
    firstContentTimeoutMs: setting.first_content_timeout_ms ?? defaults.firstContentTimeoutMs,
    idleTimeoutMs: setting.idle_timeout_ms ?? defaults.idleTimeoutMs,
    overallTimeoutMs: setting.overall_timeout_ms,
    maxRetries: setting.max_retries,
    breakerThreshold: setting.breaker_threshold,
    breakerPauseMs: setting.breaker_pause_ms,
  };
}
