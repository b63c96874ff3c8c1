import 'reflect-metadata';
import { type DynamicModule, Module } from '@nestjs/common';
import { BlobsConfig, type ConfigOf, type Environment, LlmConfig } from '@parley/config';
import { EgressConfig } from '@parley/egress';
import { embeddingMetrics, LlmModule, llmOptionsOf } from '@parley/llm';
import { type RunnableApp } from '@parley/observability';
import { createService, ServiceModule, serviceSections, type Wiring } from '@parley/service';
import { IngestionConfig } from './ingestion/ingestion.config.js';
import { IngestionModule } from './ingestion/ingestion.module.js';

export const appSections = {
  ...serviceSections,
  blobs: BlobsConfig,
  llm: LlmConfig,
  ingestion: IngestionConfig,
  egress: EgressConfig,
};

const DEFAULT_PORT = 3004;

/** File → text → chunks → embeddings. It owns no table: it writes through libs/knowledge. */
@Module({})
export class AppModule {
  static forRoot(config: ConfigOf<typeof appSections>, wiring: Wiring): DynamicModule {
    return {
      module: AppModule,
      imports: [
        ServiceModule.forRoot({
          name: 'ingestion-worker',
          role: 'parley_worker',
          schema: 'memory',
          entities: [],
          sections: appSections,
          config,
          wiring,
        }),
        LlmModule.forEmbeddings(llmOptionsOf(config.llm), embeddingMetrics),
        IngestionModule,
      ],
    };
  }
}

/** The ingestion worker. @throws ConfigError naming every fault of the environment */
export function createApp(environment: Environment, wiring: Wiring = {}): Promise<RunnableApp> {
  const module = (config: ConfigOf<typeof appSections>) => AppModule.forRoot(config, wiring);
  return createService({ sections: appSections, defaultPort: DEFAULT_PORT, module }, environment);
}
