import { Controller } from '@nestjs/common';
import {
  AddDocument,
  type AddDocumentRequest,
  DeleteDocument,
  type DeletedReply,
  type DocumentContentReply,
  type DocumentRequest,
  type DocumentView,
  GetDocument,
  GetDocumentContent,
  ListDocuments,
  type ListDocumentsRequest,
  ListFileBatchFiles,
  type ListFileBatchFilesRequest,
  type Page,
  UpdateDocument,
  type UpdateDocumentRequest,
} from '@parley/contracts';
import { HandleRpc, type MessageContext } from '@parley/messaging';
import { DocumentsService } from './documents.service.js';

@Controller()
export class DocumentsConsumer {
  constructor(private readonly service: DocumentsService) {}

  @HandleRpc(AddDocument)
  add(request: AddDocumentRequest, { tenant }: MessageContext): Promise<DocumentView> {
    return this.service.add(tenant, request);
  }

  @HandleRpc(GetDocument)
  get(request: DocumentRequest, { tenant }: MessageContext): Promise<DocumentView> {
    return this.service.get(tenant, request);
  }

  @HandleRpc(ListDocuments)
  list(request: ListDocumentsRequest, { tenant }: MessageContext): Promise<Page<DocumentView>> {
    return this.service.list(tenant, request);
  }

  @HandleRpc(ListFileBatchFiles)
  listOfBatch(request: ListFileBatchFilesRequest, { tenant }: MessageContext): Promise<Page<DocumentView>> {
    return this.service.list(tenant, request);
  }

  @HandleRpc(UpdateDocument)
  update(request: UpdateDocumentRequest, { tenant }: MessageContext): Promise<DocumentView> {
    return this.service.update(tenant, request);
  }

  @HandleRpc(DeleteDocument)
  delete(request: DocumentRequest, { tenant }: MessageContext): Promise<DeletedReply> {
    return this.service.delete(tenant, request);
  }

  @HandleRpc(GetDocumentContent)
  content(request: DocumentRequest, { tenant }: MessageContext): Promise<DocumentContentReply> {
    return this.service.content(tenant, request);
  }
}
