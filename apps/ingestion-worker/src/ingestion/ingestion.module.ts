import { Module, type OnModuleInit } from '@nestjs/common';
import { BlobsModule } from '@parley/blobs';
import { EgressModule } from '@parley/egress';
import { KnowledgeModule } from '@parley/knowledge';
import { EmbeddingMigrationsConsumer } from '../embedding-migrations/embedding-migrations.consumer.js';
import { EmbeddingMigrationsService } from '../embedding-migrations/embedding-migrations.service.js';
import { SpaceFiller } from '../embedding-migrations/space-filler.js';
import { DocumentReader } from './document-reader.js';
import { EmbeddingStep } from './embedding-step.js';
import { IngestionConsumer } from './ingestion.consumer.js';
import { IngestionService } from './ingestion.service.js';
import { Originals } from './originals.js';
import { PageFetcher } from './page-fetcher.js';
import { Pipeline } from './pipeline.js';
import { SpaceEmbedder } from './space-embedder.js';
import { Sources } from './source.js';
import { TracedJobs } from './traced-jobs.js';
import { VersionCompletion } from './version-completion.js';
import { removeAbandonedWorkspaces } from './workspace.js';

@Module({
  imports: [BlobsModule, EgressModule, KnowledgeModule],
  controllers: [IngestionConsumer, EmbeddingMigrationsConsumer],
  providers: [
    IngestionService,
    TracedJobs,
    Pipeline,
    Originals,
    PageFetcher,
    Sources,
    DocumentReader,
    EmbeddingStep,
    SpaceEmbedder,
    VersionCompletion,
    EmbeddingMigrationsService,
    SpaceFiller,
  ],
})
export class IngestionModule implements OnModuleInit {
  onModuleInit(): Promise<void> {
    return removeAbandonedWorkspaces();
  }
}
