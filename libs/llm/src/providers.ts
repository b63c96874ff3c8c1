import { BUILTIN_CHAT_MODEL, BuiltinChatProvider } from './builtin/builtin.chat-provider.js';
import { type ChatProvider } from './chat-provider.js';
import { type LlmObserver } from './llm-observer.js';
import { hasEndpoint, type LlmOptions, resolveLlmOptions } from './llm-options.js';
import { OpenAiChatProvider } from './openai/openai.chat-provider.js';

/** The configured endpoint; the built-in provider without one, or when its model is asked for by name. */
export function createChatProvider(options: LlmOptions, observer?: LlmObserver): ChatProvider {
  if (!hasEndpoint(options) || options.model === BUILTIN_CHAT_MODEL) return new BuiltinChatProvider(observer);
  return new OpenAiChatProvider(resolveLlmOptions(options), observer);
}
