import { chmodSync, mkdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { BlobStore, createBlobDriver } from '@parley/blobs';
import { BlobsConfig, type Environment, loadConfig } from '@parley/config';
import { CliError } from '../cli-error.js';
import { EXIT } from '../exit-code.js';
import { BACKUPS, filesOf, isBackupId, type Manifest, parseManifest } from './manifest.js';

const S3_URL = /^s3:\/\/([^/]+)(?:\/(.*?))?\/*$/;
/** Of the store of backups, when it is not that of the originals: `BACKUP_S3_ENDPOINT` and so on. */
const STORE_VARIABLES = ['S3_ENDPOINT', 'S3_REGION', 'S3_ACCESS_KEY_ID', 'S3_SECRET_ACCESS_KEY'];

/** Where backups are kept: a folder, or a bucket of an S3-compatible store under a prefix. */
export class BackupTarget {
  private constructor(
    /** As it was named. */
    readonly name: string,
    private readonly store: BlobStore,
    private readonly prefix: string,
  ) {}

  /** @throws CliError, ConfigError */
  static async open(name: string | undefined, environment: Environment): Promise<BackupTarget> {
    const given = name ?? environment['BACKUP_TARGET'];
    if (!given)
      throw new CliError(
        EXIT.usage,
        'Where to? Name a folder or s3://bucket/prefix.',
        'BACKUP_TARGET may name it too.',
      );
    const s3 = S3_URL.exec(given);
    if (s3) return new BackupTarget(given, await openBucket(s3[1]!, environment), s3[2] ? `${s3[2]}/` : '');
    if (given.includes('://')) throw new CliError(EXIT.usage, `${given} is neither a folder nor s3://bucket/prefix.`);
    const folder = privateFolder(given);
    return new BackupTarget(folder, await openStore({ BLOB_STORE: 'fs', UPLOAD_DIR: folder }), '');
  }

  write(file: string, content: Readable): Promise<void> {
    return this.store.put(this.prefix + file, content);
  }

  writeText(file: string, content: string): Promise<void> {
    return this.write(file, Readable.from([Buffer.from(content)]));
  }

  read(file: string): Promise<Readable> {
    return this.store.get(this.prefix + file);
  }

  bytesOf(file: string): Promise<number | null> {
    return this.store.bytesOf(this.prefix + file);
  }

  remove(file: string): Promise<void> {
    return this.store.delete(this.prefix + file);
  }

  /** Of all backups, whole or not, the oldest first. */
  async ids(): Promise<string[]> {
    const ids: string[] = [];
    for await (const name of this.store.namesIn(this.prefix + BACKUPS)) if (isBackupId(name)) ids.push(name);
    return ids.sort();
  }

  /** Null when the backup is not whole. */
  async manifest(id: string): Promise<Manifest | null> {
    const { manifest } = filesOf(id);
    if ((await this.bytesOf(manifest)) === null) return null;
    return parseManifest(await text(await this.read(manifest)));
  }

  /** Of the whole ones, the oldest first. */
  async manifests(): Promise<Manifest[]> {
    const found = await Promise.all((await this.ids()).map((id) => this.manifest(id)));
    return found.filter((manifest) => manifest !== null);
  }
}

function openBucket(bucket: string, environment: Environment): Promise<BlobStore> {
  const settings: Record<string, string | undefined> = { BLOB_STORE: 's3', S3_BUCKET: bucket };
  for (const name of STORE_VARIABLES.flatMap((variable) => [variable, `${variable}_FILE`]))
    settings[name] = environment[`BACKUP_${name}`] || environment[name];
  return openStore(settings);
}

async function openStore(settings: Environment): Promise<BlobStore> {
  return new BlobStore(await createBlobDriver(loadConfig({ blobs: BlobsConfig }, settings).blobs));
}

/** Backups hold everybody's documents. */
function privateFolder(name: string): string {
  const folder = resolve(name);
  try {
    const made = mkdirSync(folder, { recursive: true, mode: 0o700 });
    if (made !== undefined) chmodSync(folder, 0o700);
  } catch (error) {
    throw new CliError(EXIT.usage, `${folder} cannot be used: ${(error as Error).message}`);
  }
  return folder;
}
