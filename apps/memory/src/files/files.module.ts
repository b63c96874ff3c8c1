import { Module } from '@nestjs/common';
import { BlobsModule } from '@parley/blobs';
import { DocumentsModule } from '../documents/documents.module.js';
import { FileExpirer } from './file-expirer.js';
import { FilesConsumer } from './files.consumer.js';
import { FilesRepository } from './files.repository.js';
import { FilesService } from './files.service.js';

@Module({
  imports: [BlobsModule, DocumentsModule],
  controllers: [FilesConsumer],
  providers: [FilesService, FileExpirer, FilesRepository],
  exports: [FilesService],
})
export class FilesModule {}
