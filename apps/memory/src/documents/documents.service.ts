import { Injectable } from '@nestjs/common';
import {
  type AddDocumentRequest,
  type DeletedReply,
  type DocumentContentReply,
  type DocumentRequest,
  type DocumentView,
  DomainError,
  type ListDocumentsRequest,
  type ListFileBatchFilesRequest,
  type Page,
  type TenantContext,
  type UpdateDocumentRequest,
} from '@parley/contracts';
import { type DocumentRow, DocumentsRepository } from './documents.repository.js';

/** A reply is one message; RabbitMQ 4 takes no message above 16 MiB, and JSON is longer than its text. */
const MAX_CONTENT_BYTES = 8 * 2 ** 20;

@Injectable()
export class DocumentsService {
  constructor(private readonly documents: DocumentsRepository) {}

  /** The same file again is the same document: it is not ingested twice, unless it had failed. */
  async add(tenant: TenantContext, request: AddDocumentRequest): Promise<DocumentView> {
    const { chunking } = request;
    if (chunking && chunking.chunkOverlapTokens * 2 > chunking.maxChunkSizeTokens) {
      throw new DomainError('invalid_request', 'The overlap may be at most half of the chunk size.', {
        param: 'chunking_strategy',
      });
    }
    return viewOf(await this.documents.add(tenant, request));
  }

  async get(tenant: TenantContext, request: DocumentRequest): Promise<DocumentView> {
    return viewOf(found(await this.documents.find(tenant, request)));
  }

  async list(
    tenant: TenantContext,
    request: ListDocumentsRequest | ListFileBatchFilesRequest,
  ): Promise<Page<DocumentView>> {
    const { data, hasMore } = await this.documents.list(tenant, request);
    return { data: data.map(viewOf), hasMore };
  }

  async update(tenant: TenantContext, request: UpdateDocumentRequest): Promise<DocumentView> {
    return viewOf(found(await this.documents.update(tenant, request)));
  }

  async delete(tenant: TenantContext, request: DocumentRequest): Promise<DeletedReply> {
    if (!(await this.documents.delete(tenant, request))) throw DomainError.notFound('file in this vector store');
    return { id: request.fileId, deleted: true };
  }

  /** @throws DomainError `not_found`; `file_too_large` when the text does not fit into one reply */
  async content(tenant: TenantContext, request: DocumentRequest): Promise<DocumentContentReply> {
    const document = found(await this.documents.find(tenant, request));
    const { fileId, filename, attributes, usageBytes } = document;
    if (usageBytes > MAX_CONTENT_BYTES) {
      const message = `The parsed text of this file has ${usageBytes} bytes; at most ${MAX_CONTENT_BYTES} can be read at once.`;
      throw new DomainError('file_too_large', message, { param: 'file_id' });
    }
    return { fileId, filename, attributes, content: await this.documents.chunkTexts(tenant, document.contentId) };
  }
}

function found(document: DocumentRow | null): DocumentRow {
  if (!document) throw DomainError.notFound('file in this vector store');
  return document;
}

function viewOf(row: DocumentRow): DocumentView {
  const {
    id,
    fileId,
    knowledgeBaseId,
    filename,
    status,
    progressPercent,
    chunkCount,
    usageBytes,
    attributes,
    chunking,
  } = row;
  const error = row.errorCode ? { code: row.errorCode, message: row.errorMessage ?? '' } : null;
  const createdAt = row.createdAt.toISOString();
  return {
    id,
    fileId,
    knowledgeBaseId,
    filename,
    status,
    error,
    progressPercent,
    chunkCount,
    usageBytes,
    attributes,
    chunking,
    createdAt,
  };
}
