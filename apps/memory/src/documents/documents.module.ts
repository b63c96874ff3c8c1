import { Module } from '@nestjs/common';
import { KnowledgeModule } from '@parley/knowledge';
import { DocumentsConsumer } from './documents.consumer.js';
import { DocumentsRepository } from './documents.repository.js';
import { DocumentsService } from './documents.service.js';

@Module({
  imports: [KnowledgeModule],
  controllers: [DocumentsConsumer],
  providers: [DocumentsService, DocumentsRepository],
})
export class DocumentsModule {}
