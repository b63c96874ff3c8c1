import { Injectable } from '@nestjs/common';
import { BlobStore } from '@parley/blobs';
import {
  type DeletedReply,
  DomainError,
  type FileView,
  type ListFilesRequest,
  type Page,
  type RegisterFileRequest,
  type ReplaceFileContentReply,
  type ReplaceFileContentRequest,
  type TenantContext,
} from '@parley/contracts';
import { type FileEntity } from './file.entity.js';
import { FilesRepository } from './files.repository.js';

@Injectable()
export class FilesService {
  constructor(
    private readonly files: FilesRepository,
    private readonly blobs: BlobStore,
  ) {}

  async register(tenant: TenantContext, request: RegisterFileRequest): Promise<FileView> {
    const file = await this.files.create(tenant, request);
    if (!file) throw new DomainError('conflict', 'A file with this id exists already.');
    return viewOf(file);
  }

  async get(tenant: TenantContext, id: string): Promise<FileView> {
    const file = await this.files.find(tenant, id);
    if (!file) throw DomainError.notFound('file');
    return viewOf(file);
  }

  async list(tenant: TenantContext, request: ListFilesRequest): Promise<Page<FileView>> {
    const { data, hasMore } = await this.files.list(tenant, request);
    return { data: data.map(viewOf), hasMore };
  }

  async replaceContent(tenant: TenantContext, request: ReplaceFileContentRequest): Promise<ReplaceFileContentReply> {
    const replaced = await this.files.replaceContent(tenant, request);
    if (!replaced) throw DomainError.notFound('file');
    return { file: viewOf(replaced.file), changed: replaced.changed };
  }

  /** The original goes a moment later by a command of its own, which is stored with the deletion. */
  async delete(tenant: TenantContext, id: string): Promise<DeletedReply> {
    if (!(await this.files.delete(tenant, id))) throw DomainError.notFound('file');
    return { id, deleted: true };
  }

  deleteBlob(blobKey: string): Promise<void> {
    return this.blobs.delete(blobKey);
  }
}

function viewOf(file: FileEntity): FileView {
  const { id, filename, contentType, bytes, sha256, purpose, blobKey, createdAt, expiresAt } = file;
  const view = { id, filename, contentType, bytes, sha256, purpose, blobKey, createdAt: createdAt.toISOString() };
  return expiresAt ? { ...view, expiresAt: expiresAt.toISOString() } : view;
}
