import { type Readable } from 'node:stream';
import { Injectable, Logger } from '@nestjs/common';
import { BlobStore } from '@parley/blobs';
import {
  DomainError,
  type ErrorCode,
  type FileView,
  GetFile,
  ReplaceFileContent,
  type ReplaceFileContentReply,
  type TenantContext,
} from '@parley/contracts';
import { MessageBus } from '@parley/messaging';
import { v7 as uuidv7 } from 'uuid';
import { contentTypeOf } from './file-type.js';
import { type FormPart } from './form-parts.js';
import { storeContent, type StoredContent } from './store-content.js';
import { UploadConfig } from './upload.config.js';

/** After these the file may have its new content all the same: the store's sweeper takes what nobody needs. */
const UNKNOWN_OUTCOME: ReadonlySet<ErrorCode> = new Set(['timeout', 'service_unavailable', 'internal_error']);

/** The content of files: read as it was uploaded, and replaced by a new version. */
@Injectable()
export class ContentService {
  readonly #logger = new Logger(ContentService.name);

  constructor(
    private readonly blobs: BlobStore,
    private readonly bus: MessageBus,
    private readonly config: UploadConfig,
  ) {}

  /** The original as it is now. One that is replaced between the two looks is looked up again. */
  async open(tenant: TenantContext, id: string): Promise<{ file: FileView; content: Readable }> {
    const file = await this.bus.request(GetFile, { id }, tenant);
    try {
      return { file, content: await this.blobs.get(file.blobKey) };
    } catch (error) {
      if (!(error instanceof DomainError) || error.code !== 'not_found') throw error;
      const now = await this.bus.request(GetFile, { id }, tenant);
      if (now.blobKey === file.blobKey) throw error;
      return { file: now, content: await this.blobs.get(now.blobKey) };
    }
  }

  /**
   * Takes the new content in as it arrives and gives it to the file, whose name and type stay.
   * @throws DomainError `not_found`, `file_too_large`, `invalid_request`
   */
  async replace(tenant: TenantContext, id: string, content: Readable): Promise<ReplaceFileContentReply> {
    const file = await this.bus.request(GetFile, { id }, tenant);
    return this.#give(tenant, file, await this.#store(tenant, content));
  }

  /** The same for a form. @throws DomainError also `too_many_files`, and `unsupported_file_type` for another type */
  async replaceByForm(
    tenant: TenantContext,
    id: string,
    parts: AsyncIterable<FormPart>,
  ): Promise<ReplaceFileContentReply> {
    const file = await this.bus.request(GetFile, { id }, tenant);
    let stored: StoredContent | null = null;
    try {
      for await (const part of parts) {
        if (part.kind === 'field') continue;
        if (stored) throw new DomainError('too_many_files', 'The form has more than one file.', { param: part.name });
        this.#assertSameType(file, part.filename);
        stored = await this.#store(tenant, part.content);
      }
    } catch (error) {
      if (stored) await this.#takeBack(stored.blobKey);
      throw error;
    }
    if (!stored) throw new DomainError('invalid_request', 'The form has no file.', { param: 'file' });
    return this.#give(tenant, file, stored);
  }

  #assertSameType(file: FileView, filename: string): void {
    if (filename === '' || contentTypeOf(filename, this.config.allowedExtensions) === file.contentType) return;
    const message = `The new content of ${file.filename} must be of the same type.`;
    throw new DomainError('unsupported_file_type', message, { param: 'file' });
  }

  #store(tenant: TenantContext, content: Readable): Promise<StoredContent> {
    return storeContent(this.blobs, `${tenant.tenantId}/${uuidv7()}`, content, this.config.maxFileBytes);
  }

  async #give(
    tenant: TenantContext,
    { id, contentType }: FileView,
    stored: StoredContent,
  ): Promise<ReplaceFileContentReply> {
    try {
      return await this.bus.request(ReplaceFileContent, { fileId: id, contentType, ...stored }, tenant);
    } catch (error) {
      const isUnknown = !(error instanceof DomainError) || UNKNOWN_OUTCOME.has(error.code);
      if (!isUnknown) await this.#takeBack(stored.blobKey);
      throw error;
    }
  }

  async #takeBack(blobKey: string): Promise<void> {
    await this.blobs.delete(blobKey).catch((error: unknown) => {
      this.#logger.warn(`The blob ${blobKey} was left behind: ${String(error)}`);
    });
  }
}
