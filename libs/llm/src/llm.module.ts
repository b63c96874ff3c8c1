import { type DynamicModule, Module } from '@nestjs/common';
import { ChatProvider } from './chat-provider.js';
import { EmbeddingProvider } from './embedding-provider.js';
import { EmbeddingProviders } from './embedding-providers.js';
import { type LlmObserver } from './llm-observer.js';
import { type LlmOptions } from './llm-options.js';
import { createChatProvider } from './providers.js';

/** Provides ChatProvider, EmbeddingProvider (the default one) and EmbeddingProviders, each its own injection token. */
@Module({})
export class LlmModule {
  static forRoot(options: LlmOptions, observer?: LlmObserver): DynamicModule {
    const embeddings = new EmbeddingProviders(options, observer);
    return {
      module: LlmModule,
      global: true,
      providers: [
        { provide: ChatProvider, useValue: createChatProvider(options, observer) },
        { provide: EmbeddingProvider, useValue: embeddings.default },
        { provide: EmbeddingProviders, useValue: embeddings },
      ],
      exports: [ChatProvider, EmbeddingProvider, EmbeddingProviders],
    };
  }
}
