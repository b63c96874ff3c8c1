import { Module } from '@nestjs/common';
import { BlobsModule } from '@parley/blobs';
import { FilesConsumer } from './files.consumer.js';
import { FilesRepository } from './files.repository.js';
import { FilesService } from './files.service.js';

@Module({ imports: [BlobsModule], controllers: [FilesConsumer], providers: [FilesService, FilesRepository] })
export class FilesModule {}
