import { Module, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { type FastifyAdapter } from '@nestjs/platform-fastify';
import { BlobsModule } from '@parley/blobs';
import { ContentService } from './content.service.js';
import { FilesController } from './files.controller.js';
import { FilesService } from './files.service.js';
import { installRawBody } from './raw-body.js';
import { UploadService } from './upload.service.js';
import { UploadsController } from './uploads.controller.js';

@Module({
  imports: [BlobsModule],
  controllers: [FilesController, UploadsController],
  providers: [FilesService, UploadService, ContentService],
})
export class FilesModule implements OnModuleInit {
  constructor(private readonly host: HttpAdapterHost<FastifyAdapter>) {}

  onModuleInit(): void {
    this.host.httpAdapter.useMultipart();
    installRawBody(this.host.httpAdapter);
  }
}
