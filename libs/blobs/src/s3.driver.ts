import { type Readable } from 'node:stream';
import { S3Client, type S3ClientConfig } from '@aws-sdk/client-s3';
import { S3Driver } from 'flydrive/drivers/s3';
import { type S3Place, uploadStream } from './s3-upload.js';

/** Flydrive's driver for S3, but for streams: it passes them on without their length, which S3 refuses. */
export class StreamingS3Driver extends S3Driver {
  readonly #place: Omit<S3Place, 'key'>;

  constructor(bucket: string, config: S3ClientConfig) {
    const client = new S3Client(config);
    super({ client, bucket, visibility: 'private', supportsACL: false });
    this.#place = { client, bucket };
  }

  override putStream(key: string, content: Readable): Promise<void> {
    return uploadStream({ ...this.#place, key }, content);
  }
}
