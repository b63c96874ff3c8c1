import { Module, type OnModuleInit } from '@nestjs/common';
import { BlobsModule } from '@parley/blobs';
import { KnowledgeModule } from '@parley/knowledge';
import { IngestionConsumer } from './ingestion.consumer.js';
import { IngestionService } from './ingestion.service.js';
import { removeAbandonedCopies } from './local-copy.js';
import { Pipeline } from './pipeline.js';

@Module({
  imports: [BlobsModule, KnowledgeModule],
  controllers: [IngestionConsumer],
  providers: [IngestionService, Pipeline],
})
export class IngestionModule implements OnModuleInit {
  onModuleInit(): Promise<void> {
    return removeAbandonedCopies();
  }
}
