import { Injectable } from '@nestjs/common';
import {
  AddDocument,
  type Attributes,
  DeleteDocument,
  type DocumentContentReply,
  type DocumentView,
  DomainError,
  GetDocument,
  GetDocumentContent,
  ListDocuments,
  type Page,
  parseId,
  type TenantContext,
  UpdateDocument,
} from '@parley/contracts';
import { MessageBus } from '@parley/messaging';
import { type PageFields } from '../wire/page.query.js';
import { chunkingOptions } from './chunking-strategy.js';
import { type AttachFileBody, type VectorStoreFileStatus } from './vector-store-file.request.js';

/** The files inside a knowledge base. */
@Injectable()
export class DocumentsService {
  constructor(private readonly bus: MessageBus) {}

  async add(tenant: TenantContext, knowledgeBaseId: string, body: AttachFileBody): Promise<DocumentView> {
    const fileId = parseId('file', body.file_id);
    if (fileId === null) throw DomainError.notFound('file', 'file_id');
    const attributes = body.attributes ?? {};
    const chunking = chunkingOptions(body.chunking_strategy);
    return this.bus.request(AddDocument, { knowledgeBaseId, fileId, attributes, ...chunking }, tenant);
  }

  /** Pages by file: the ids that clients know are those of the files. */
  list(
    tenant: TenantContext,
    knowledgeBaseId: string,
    page: PageFields,
    status?: VectorStoreFileStatus,
  ): Promise<Page<DocumentView>> {
    return this.bus.request(ListDocuments, { ...page, knowledgeBaseId, ...(status ? { status } : {}) }, tenant);
  }

  get(tenant: TenantContext, knowledgeBaseId: string, fileId: string): Promise<DocumentView> {
    return this.bus.request(GetDocument, { knowledgeBaseId, fileId }, tenant);
  }

  update(
    tenant: TenantContext,
    knowledgeBaseId: string,
    fileId: string,
    attributes: Attributes,
  ): Promise<DocumentView> {
    return this.bus.request(UpdateDocument, { knowledgeBaseId, fileId, attributes }, tenant);
  }

  async delete(tenant: TenantContext, knowledgeBaseId: string, fileId: string): Promise<void> {
    await this.bus.request(DeleteDocument, { knowledgeBaseId, fileId }, tenant);
  }

  content(tenant: TenantContext, knowledgeBaseId: string, fileId: string): Promise<DocumentContentReply> {
    return this.bus.request(GetDocumentContent, { knowledgeBaseId, fileId }, tenant);
  }
}
