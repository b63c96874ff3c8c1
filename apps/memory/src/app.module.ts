import 'reflect-metadata';
import { type DynamicModule, Module } from '@nestjs/common';
import { BlobsConfig, type ConfigOf, type Environment, LlmConfig, RerankConfig } from '@parley/config';
import { EgressConfig } from '@parley/egress';
import { embeddingMetrics, LlmModule, llmOptionsOf } from '@parley/llm';
import { type RunnableApp } from '@parley/observability';
import { createService, ServiceModule, serviceSections, type Wiring } from '@parley/service';
import { DocumentEntity } from './documents/document.entity.js';
import { DocumentsModule } from './documents/documents.module.js';
import { CitationsModule } from './citations/citations.module.js';
import { EmbeddingMigrationsModule } from './embedding-migrations/embedding-migrations.module.js';
import { EmbeddingsModule } from './embeddings/embeddings.module.js';
import { EvaluationEntity } from './evaluations/evaluation.entity.js';
import { EvaluationsModule } from './evaluations/evaluations.module.js';
import { FileBatchesModule } from './file-batches/file-batches.module.js';
import { FileEntity } from './files/file.entity.js';
import { FilesModule } from './files/files.module.js';
import { JobsModule } from './jobs/jobs.module.js';
import { KnowledgeBaseEntity } from './knowledge-bases/knowledge-base.entity.js';
import { KnowledgeBasesModule } from './knowledge-bases/knowledge-bases.module.js';
import { OrphansModule } from './orphans/orphans.module.js';
import { PagesModule } from './pages/pages.module.js';
import { WebPageEntity } from './pages/web-page.entity.js';
import { RecallConfig } from './search/recall.config.js';
import { SearchModule } from './search/search.module.js';
import { StatusModule } from './status/status.module.js';

export const appSections = {
  ...serviceSections,
  blobs: BlobsConfig,
  llm: LlmConfig,
  recall: RecallConfig,
  egress: EgressConfig,
  rerank: RerankConfig,
};

const DEFAULT_PORT = 3003;

/** Files, knowledge bases, search. */
@Module({})
export class AppModule {
  static forRoot(config: ConfigOf<typeof appSections>, wiring: Wiring): DynamicModule {
    return {
      module: AppModule,
      imports: [
        ServiceModule.forRoot({
          name: 'memory',
          role: 'parley_memory',
          schema: 'memory',
          entities: [FileEntity, KnowledgeBaseEntity, DocumentEntity, EvaluationEntity, WebPageEntity],
          hasOutbox: true,
          sections: appSections,
          config,
          wiring,
        }),
        LlmModule.forEmbeddings(llmOptionsOf(config.llm), embeddingMetrics),
        FilesModule,
        KnowledgeBasesModule,
        DocumentsModule,
        FileBatchesModule,
        PagesModule,
        SearchModule,
        EmbeddingsModule,
        EvaluationsModule,
        CitationsModule,
        EmbeddingMigrationsModule,
        JobsModule,
        OrphansModule,
        StatusModule,
      ],
    };
  }
}

/** The memory service. @throws ConfigError naming every fault of the environment */
export function createApp(environment: Environment, wiring: Wiring = {}): Promise<RunnableApp> {
  const module = (config: ConfigOf<typeof appSections>) => AppModule.forRoot(config, wiring);
  return createService({ sections: appSections, defaultPort: DEFAULT_PORT, module }, environment);
}
