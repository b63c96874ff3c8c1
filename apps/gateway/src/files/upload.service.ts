import { type Readable } from 'node:stream';
import { Injectable, Logger } from '@nestjs/common';
import { BlobStore } from '@parley/blobs';
import {
  DeleteFile,
  DomainError,
  FILE_PURPOSES,
  type FilePurpose,
  type FileView,
  RegisterFile,
  type RegisterFileRequest,
  type TenantContext,
} from '@parley/contracts';
import { MessageBus } from '@parley/messaging';
import { v7 as uuidv7 } from 'uuid';
import { contentTypeOf } from './file-type.js';
import { sanitizeFilename } from './filename.js';
import { expirySecondsOf } from './form-expiry.js';
import { type FormPart } from './form-parts.js';
import { storeContent } from './store-content.js';
import { UploadConfig } from './upload.config.js';

export interface UploadRules {
  maxFiles: number;
  /** Names of the form's fields that hold files. */
  fileFields: readonly string[];
  /** Absent means that the form must name one. */
  defaultPurpose?: FilePurpose;
}

type StoredFile = Omit<RegisterFileRequest, 'purpose' | 'expiresAfterSeconds'>;

interface ReceivedForm {
  fields: Map<string, string>;
}

/** Takes uploads in as they arrive. All files of a form are kept or none. */
@Injectable()
export class UploadService {
  readonly #logger = new Logger(UploadService.name);

  constructor(
    private readonly blobs: BlobStore,
    private readonly bus: MessageBus,
    private readonly config: UploadConfig,
  ) {}

  /** @throws DomainError `file_too_large`, `too_many_files`, `unsupported_file_type`, `invalid_request` */
  async upload(tenant: TenantContext, parts: AsyncIterable<FormPart>, rules: UploadRules): Promise<FileView[]> {
    const files: StoredFile[] = [];
    try {
      const form = await this.#receive(tenant, parts, rules, files);
      const purpose = purposeOf(form, rules);
      const expiresAfterSeconds = expirySecondsOf(form.fields);
      const wishes = { purpose, ...(expiresAfterSeconds === undefined ? {} : { expiresAfterSeconds }) };
      if (files.length === 0) throw new DomainError('invalid_request', 'The form has no file.', { param: 'file' });
      const views: FileView[] = [];
      for (const file of files) views.push(await this.bus.request(RegisterFile, { ...file, ...wishes }, tenant));
      return views;
    } catch (error) {
      await Promise.all(files.map((file) => this.#takeBack(tenant, file)));
      throw error;
    }
  }

  async #receive(
    tenant: TenantContext,
    parts: AsyncIterable<FormPart>,
    rules: UploadRules,
    files: StoredFile[],
  ): Promise<ReceivedForm> {
    const form: ReceivedForm = { fields: new Map() };
    for await (const part of parts) {
      if (part.kind === 'field') {
        form.fields.set(part.name, part.value);
        continue;
      }
      if (!rules.fileFields.includes(part.name)) {
        const message = `Files belong into the field ${rules.fileFields[0]}.`;
        throw new DomainError('invalid_request', message, { param: part.name });
      }
      if (files.length === rules.maxFiles) {
        const message = `The form has more files than are allowed in one request: ${rules.maxFiles}.`;
        throw new DomainError('too_many_files', message, { param: part.name });
      }
      await this.#store(tenant, part.filename, part.content, files);
    }
    return form;
  }

  async #store(tenant: TenantContext, name: string, content: Readable, files: StoredFile[]): Promise<void> {
    const id = uuidv7();
    const filename = sanitizeFilename(name);
    const { allowedExtensions, maxFileBytes } = this.config;
    const contentType = contentTypeOf(filename, allowedExtensions);
    const blobKey = `${tenant.tenantId}/${id}`;
    files.push({ id, filename, contentType, ...(await storeContent(this.blobs, blobKey, content, maxFileBytes)) });
  }

  /** A registration whose answer was lost may have happened, so it is undone as well; the row's absence is fine. */
  async #takeBack(tenant: TenantContext, file: StoredFile): Promise<void> {
    await this.bus.request(DeleteFile, { id: file.id }, tenant).catch(() => undefined);
    await this.blobs.delete(file.blobKey).catch((error: unknown) => {
      this.#logger.warn(`The blob ${file.blobKey} was left behind: ${String(error)}`);
    });
  }
}

function purposeOf(form: ReceivedForm, rules: UploadRules): FilePurpose {
  const purpose = form.fields.get('purpose') ?? rules.defaultPurpose;
  const known = FILE_PURPOSES.find((candidate) => candidate === purpose);
  if (known) return known;
  throw new DomainError('invalid_request', `purpose must be one of ${FILE_PURPOSES.join(', ')}.`, { param: 'purpose' });
}
