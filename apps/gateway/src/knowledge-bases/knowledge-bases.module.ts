import { Module } from '@nestjs/common';
import { DocumentsService } from './documents.service.js';
import { FileBatchesController } from './file-batches.controller.js';
import { FileBatchesService } from './file-batches.service.js';
import { KnowledgeBasesService } from './knowledge-bases.service.js';
import { UrlsController } from './urls.controller.js';
import { UrlsService } from './urls.service.js';
import { VectorStoreFilesController } from './vector-store-files.controller.js';
import { VectorStoresController } from './vector-stores.controller.js';

@Module({
  controllers: [VectorStoresController, VectorStoreFilesController, FileBatchesController, UrlsController],
  providers: [KnowledgeBasesService, DocumentsService, FileBatchesService, UrlsService],
})
export class KnowledgeBasesModule {}
