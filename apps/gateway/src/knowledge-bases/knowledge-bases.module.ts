import { Module } from '@nestjs/common';
import { DocumentsService } from './documents.service.js';
import { KnowledgeBasesService } from './knowledge-bases.service.js';
import { VectorStoreFilesController } from './vector-store-files.controller.js';
import { VectorStoresController } from './vector-stores.controller.js';

@Module({
  controllers: [VectorStoresController, VectorStoreFilesController],
  providers: [KnowledgeBasesService, DocumentsService],
})
export class KnowledgeBasesModule {}
