import { Module } from '@nestjs/common';
import { KnowledgeModule } from '@parley/knowledge';
import { DocumentsConsumer } from './documents.consumer.js';
import { DocumentsRepository } from './documents.repository.js';
import { DocumentsService } from './documents.service.js';
import { PlacementRepository } from './placement.repository.js';

@Module({
  imports: [KnowledgeModule],
  controllers: [DocumentsConsumer],
  providers: [DocumentsService, DocumentsRepository, PlacementRepository],
  exports: [PlacementRepository],
})
export class DocumentsModule {}
