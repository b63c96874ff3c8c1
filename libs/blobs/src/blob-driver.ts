import { resolve } from 'node:path';
import { type BlobsConfig } from '@parley/config';
import { FSDriver } from 'flydrive/drivers/fs';
import { type S3Driver } from 'flydrive/drivers/s3';

export const BLOB_DRIVER = Symbol('BLOB_DRIVER');

export type BlobDriver = FSDriver | S3Driver;

/** A local folder for one machine, any S3-compatible store for several. */
export async function createBlobDriver(config: Readonly<BlobsConfig>): Promise<BlobDriver> {
  if (config.store === 'fs') return new FSDriver({ location: resolve(config.uploadDir), visibility: 'private' });
  // The AWS SDK takes long to load: only those who use it wait for it.
  const { StreamingS3Driver } = await import('./s3.driver.js');
  return new StreamingS3Driver(config.s3Bucket!, {
    region: config.s3Region,
    ...(config.s3Endpoint ? { endpoint: config.s3Endpoint, forcePathStyle: true } : {}),
    ...(config.s3AccessKeyId && config.s3SecretAccessKey
      ? { credentials: { accessKeyId: config.s3AccessKeyId, secretAccessKey: config.s3SecretAccessKey } }
      : {}),
  });
}
