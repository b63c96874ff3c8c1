import { Module } from '@nestjs/common';
import { DocumentsModule } from '../documents/documents.module.js';
import { FileBatchesConsumer } from './file-batches.consumer.js';
import { FileBatchesRepository } from './file-batches.repository.js';
import { FileBatchesService } from './file-batches.service.js';

@Module({
  imports: [DocumentsModule],
  controllers: [FileBatchesConsumer],
  providers: [FileBatchesService, FileBatchesRepository],
})
export class FileBatchesModule {}
