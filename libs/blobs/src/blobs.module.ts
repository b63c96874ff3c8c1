import { Module } from '@nestjs/common';
import { BlobsConfig } from '@parley/config';
import { BLOB_DRIVER, createBlobDriver } from './blob-driver.js';
import { BlobStore } from './blob-store.js';

/** Needs a ConfigModule with a BlobsConfig. */
@Module({
  providers: [{ provide: BLOB_DRIVER, useFactory: createBlobDriver, inject: [BlobsConfig] }, BlobStore],
  exports: [BlobStore],
})
export class BlobsModule {}
