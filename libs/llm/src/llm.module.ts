import { type DynamicModule, Module } from '@nestjs/common';
import { ChatModels } from './chat-models.js';
import { EmbeddingProvider } from './embedding-provider.js';
import { EmbeddingProviders } from './embedding-providers.js';
import { type LlmObserver } from './llm-observer.js';
import { type LlmOptions } from './llm-options.js';

/** What an app needs of language models, each its own injection token. */
@Module({})
export class LlmModule {
  static forChat(models: ChatModels): DynamicModule {
    return {
      module: LlmModule,
      global: true,
      providers: [{ provide: ChatModels, useValue: models }],
      exports: [ChatModels],
    };
  }

  /** Provides EmbeddingProvider (the default one) and EmbeddingProviders. */
  static forEmbeddings(options: LlmOptions, observer?: LlmObserver): DynamicModule {
    const embeddings = new EmbeddingProviders(options, observer);
    return {
      module: LlmModule,
      global: true,
      providers: [
        { provide: EmbeddingProvider, useValue: embeddings.default },
        { provide: EmbeddingProviders, useValue: embeddings },
      ],
      exports: [EmbeddingProvider, EmbeddingProviders],
    };
  }
}
