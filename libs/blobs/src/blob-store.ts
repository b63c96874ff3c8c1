import { PassThrough, type Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Inject, Injectable } from '@nestjs/common';
import { DomainError } from '@parley/contracts';
import { Disk, type DriveDirectory, type DriveFile, errors } from 'flydrive';
import { BLOB_DRIVER, type BlobDriver } from './blob-driver.js';

const KEYS_PER_PAGE = 1_000;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Keeps the originals of uploaded files. Keys are `tenant/file`, both uuids. */
@Injectable()
export class BlobStore {
  readonly #disk: Disk;

  constructor(@Inject(BLOB_DRIVER) driver: BlobDriver) {
    this.#disk = new Disk(driver);
  }

  /**
   * Writes the stream as it comes; when it fails, nothing is left and its error is passed on.
   * The driver gets a stream that only ever ends: given one that fails it may still be writing when it reports that.
   */
  async put(key: string, content: Readable): Promise<void> {
    const relay = new PassThrough();
    const copied = pipeline(content, relay, { end: false }).finally(() => relay.end());
    const written = this.#disk.putStream(key, relay).catch((cause: unknown) => {
      const failure = unavailable(cause);
      content.destroy(failure);
      throw failure;
    });
    const failed = (await Promise.allSettled([written, copied])).find((result) => result.status === 'rejected');
    if (!failed) return;
    await this.delete(key).catch(() => undefined);
    throw failed.reason;
  }

  /** @throws DomainError `not_found` */
  async get(key: string): Promise<Readable> {
    try {
      if (!(await this.#disk.exists(key))) throw DomainError.notFound('stored file');
      return await this.#disk.getStream(key);
    } catch (error) {
      throw error instanceof DomainError ? error : unavailable(error);
    }
  }

  /** The keys of a tenant, page by page; what else lies about in the store is left out. */
  async *keysOf(tenantId: string): AsyncGenerator<string[], void, undefined> {
    let keys: string[] = [];
    for await (const object of this.#list(tenantId)) {
      if (object.isDirectory || !UUID.test(object.name)) continue;
      keys.push(object.key);
      if (keys.length < KEYS_PER_PAGE) continue;
      yield keys;
      keys = [];
    }
    if (keys.length > 0) yield keys;
  }

  /** The same of all tenants, one after the other. */
  async *keys(): AsyncGenerator<string[], void, undefined> {
    for await (const object of this.#list('/')) {
      if (object.isDirectory && UUID.test(object.name)) yield* this.keysOf(object.name);
    }
  }

  /** When its content was complete; null when there is none. */
  async storedAt(key: string): Promise<Date | null> {
    try {
      return (await this.#disk.getMetaData(key)).lastModified;
    } catch (error) {
      if (!(await this.#disk.exists(key).catch(() => true))) return null;
      throw unavailable(error);
    }
  }

  /** What is directly in a folder, nothing when it does not exist. A listing of a bucket is fetched as it is read. */
  async *#list(folder: string): AsyncGenerator<DriveFile | DriveDirectory, void, undefined> {
    let paginationToken: string | undefined;
    do {
      const options = paginationToken === undefined ? {} : { paginationToken };
      const page = await this.#disk.listAll(folder, options).catch((error: unknown) => {
        if (isMissing(error)) return { objects: [] };
        throw unavailable(error);
      });
      yield* page.objects;
      paginationToken = 'paginationToken' in page ? page.paginationToken : undefined;
    } while (paginationToken !== undefined);
  }

  /** How much is stored under a key; null when nothing is. */
  async bytesOf(key: string): Promise<number | null> {
    try {
      return (await this.#disk.getMetaData(key)).contentLength;
    } catch (error) {
      if (!(await this.#disk.exists(key).catch(() => true))) return null;
      throw unavailable(error);
    }
  }

  /** Names of the files and folders directly in a folder. */
  async *namesIn(folder: string): AsyncGenerator<string, void, undefined> {
    for await (const { name } of this.#list(folder)) yield name;
  }

  /** Deleting what is gone already is fine. */
  async delete(key: string): Promise<void> {
    try {
      await this.#disk.delete(key);
    } catch (error) {
      if (error instanceof errors.E_CANNOT_DELETE_FILE && !(await this.#disk.exists(key).catch(() => true))) return;
      throw unavailable(error);
    }
  }
}

function unavailable(cause: unknown): DomainError {
  return new DomainError('service_unavailable', 'The file store cannot be reached.', { retryAfterMs: 2_000, cause });
}

function isMissing(error: unknown): boolean {
  const { code, cause } = error as { code?: unknown; cause?: { code?: unknown } };
  return code === 'ENOENT' || cause?.code === 'ENOENT';
}
