import { IsIn, IsOptional, IsUrl } from 'class-validator';
import { type Environment } from '../env.js';
import { Env } from '../env.js';

/** Where uploaded originals are kept. */
export class BlobsConfig {
  @Env('BLOB_STORE', { description: 'fs (a folder) or s3 (any S3-compatible store)', default: 'fs' })
  @IsIn(['fs', 's3'])
  readonly store!: 'fs' | 's3';

  @Env('UPLOAD_DIR', { description: 'Folder of the originals when BLOB_STORE=fs', default: '.parley/uploads' })
  readonly uploadDir!: string;

  @Env('S3_ENDPOINT', { description: 'Endpoint of the S3-compatible store; empty for AWS', optional: true })
  @IsOptional()
  @IsUrl({ require_tld: false, require_protocol: true })
  readonly s3Endpoint!: string | undefined;

  @Env('S3_REGION', { description: 'Region of the bucket', default: 'us-east-1' })
  readonly s3Region!: string;

  @Env('S3_BUCKET', { description: 'Bucket of the originals when BLOB_STORE=s3', optional: true })
  readonly s3Bucket!: string | undefined;

  @Env('S3_ACCESS_KEY_ID', { description: 'Access key; empty uses the machine’s own identity', optional: true })
  readonly s3AccessKeyId!: string | undefined;

  @Env('S3_SECRET_ACCESS_KEY', { description: 'Secret of the access key', optional: true, secret: true })
  readonly s3SecretAccessKey!: string | undefined;

  faults(_environment: Environment): string[] {
    return this.store === 's3' && !this.s3Bucket ? ['S3_BUCKET is required when BLOB_STORE=s3'] : [];
  }
}
