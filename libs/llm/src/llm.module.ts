import { type DynamicModule, Module } from '@nestjs/common';
import { ChatProvider } from './chat-provider.js';
import { EmbeddingProvider } from './embedding-provider.js';
import { type LlmObserver } from './llm-observer.js';
import { type LlmOptions } from './llm-options.js';
import { createChatProvider, createEmbeddingProvider } from './providers.js';

/** Provides ChatProvider and EmbeddingProvider, which are their own injection tokens. */
@Module({})
export class LlmModule {
  static forRoot(options: LlmOptions, observer?: LlmObserver): DynamicModule {
    return {
      module: LlmModule,
      global: true,
      providers: [
        { provide: ChatProvider, useValue: createChatProvider(options, observer) },
        { provide: EmbeddingProvider, useValue: createEmbeddingProvider(options, observer) },
      ],
      exports: [ChatProvider, EmbeddingProvider],
    };
  }
}
