import { Injectable } from '@nestjs/common';
import {
  CancelFileBatch,
  CreateFileBatch,
  type CreateFileBatchRequest,
  type DocumentView,
  DomainError,
  type FileBatchRequest,
  type FileBatchView,
  GetFileBatch,
  ListFileBatchFiles,
  type Page,
  type TenantContext,
} from '@parley/contracts';
import { MessageBus } from '@parley/messaging';
import { newId } from '../idempotency/idempotency-scope.js';
import { type PageFields } from '../wire/page.query.js';
import { type VectorStoreFileStatus } from './vector-store-file.request.js';

/** Files that are added to a knowledge base together. */
@Injectable()
export class FileBatchesService {
  constructor(private readonly bus: MessageBus) {}

  /** @param listName of the request's list, by which a file that is not there is named */
  async create(
    tenant: TenantContext,
    knowledgeBaseId: string,
    files: CreateFileBatchRequest['files'],
    listName: 'file_ids' | 'files',
  ): Promise<FileBatchView> {
    try {
      return await this.bus.request(CreateFileBatch, { id: newId(), knowledgeBaseId, files }, tenant);
    } catch (error) {
      if (!(error instanceof DomainError) || !error.param?.startsWith('files.')) throw error;
      throw new DomainError(error.code, error.message, { param: error.param.replace('files', listName) });
    }
  }

  get(tenant: TenantContext, request: FileBatchRequest): Promise<FileBatchView> {
    return this.bus.request(GetFileBatch, request, tenant);
  }

  cancel(tenant: TenantContext, request: FileBatchRequest): Promise<FileBatchView> {
    return this.bus.request(CancelFileBatch, request, tenant);
  }

  files(
    tenant: TenantContext,
    request: FileBatchRequest,
    page: PageFields,
    status?: VectorStoreFileStatus,
  ): Promise<Page<DocumentView>> {
    return this.bus.request(ListFileBatchFiles, { ...page, ...request, ...(status ? { status } : {}) }, tenant);
  }
}
