import { Module, type OnModuleInit } from '@nestjs/common';
import { BlobsModule } from '@parley/blobs';
import { KnowledgeModule } from '@parley/knowledge';
import { IngestionConsumer } from './ingestion.consumer.js';
import { IngestionService } from './ingestion.service.js';
import { removeAbandonedCopies } from './local-copy.js';
import { Pipeline } from './pipeline.js';
import { SpaceEmbedder } from './space-embedder.js';

@Module({
  imports: [BlobsModule, KnowledgeModule],
  controllers: [IngestionConsumer],
  providers: [IngestionService, Pipeline, SpaceEmbedder],
})
export class IngestionModule implements OnModuleInit {
  onModuleInit(): Promise<void> {
    return removeAbandonedCopies();
  }
}
