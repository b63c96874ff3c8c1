import { BUILTIN_CHAT_MODEL, BuiltinChatProvider } from './builtin/builtin.chat-provider.js';
import { BUILTIN_EMBEDDING_MODEL, BuiltinEmbeddingProvider } from './builtin/builtin.embedding-provider.js';
import { type ChatProvider } from './chat-provider.js';
import { type EmbeddingProvider } from './embedding-provider.js';
import { type LlmObserver } from './llm-observer.js';
import { hasEndpoint, type LlmOptions, resolveLlmOptions } from './llm-options.js';
import { OpenAiChatProvider } from './openai/openai.chat-provider.js';
import { OpenAiEmbeddingProvider } from './openai/openai.embedding-provider.js';

/** The configured endpoint; the built-in provider without one, or when its model is asked for by name. */
export function createChatProvider(options: LlmOptions, observer?: LlmObserver): ChatProvider {
  if (!hasEndpoint(options) || options.model === BUILTIN_CHAT_MODEL) return new BuiltinChatProvider(observer);
  return new OpenAiChatProvider(resolveLlmOptions(options), observer);
}

/** As createChatProvider; a chat server without embeddings goes well with the built-in ones. */
export function createEmbeddingProvider(options: LlmOptions, observer?: LlmObserver): EmbeddingProvider {
  if (!hasEndpoint(options) || options.embeddingModel === BUILTIN_EMBEDDING_MODEL) {
    return new BuiltinEmbeddingProvider(observer);
  }
  return new OpenAiEmbeddingProvider(resolveLlmOptions(options), observer);
}
