import { PassThrough, type Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Inject, Injectable } from '@nestjs/common';
import { DomainError } from '@parley/contracts';
import { Disk, errors } from 'flydrive';
import { BLOB_DRIVER, type BlobDriver } from './blob-driver.js';

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
