import { Controller } from '@nestjs/common';
import {
  type ByIdRequest,
  DeleteBlob,
  type DeleteBlobPayload,
  type DeletedReply,
  DeleteFile,
  type FileView,
  GetFile,
  ListFiles,
  type ListFilesRequest,
  type Page,
  RegisterFile,
  type RegisterFileRequest,
  ReplaceFileContent,
  type ReplaceFileContentReply,
  type ReplaceFileContentRequest,
} from '@parley/contracts';
import { ack, HandleCommand, HandleRpc, type MessageContext, type Outcome } from '@parley/messaging';
import { FilesService } from './files.service.js';

/** Through an outage of the store of some 16 hours; a blob that nobody deletes would stay for ever. */
const MAX_ATTEMPTS = 1_000;

@Controller()
export class FilesConsumer {
  constructor(private readonly service: FilesService) {}

  @HandleRpc(RegisterFile)
  register(request: RegisterFileRequest, { tenant }: MessageContext): Promise<FileView> {
    return this.service.register(tenant, request);
  }

  @HandleRpc(GetFile)
  get({ id }: ByIdRequest, { tenant }: MessageContext): Promise<FileView> {
    return this.service.get(tenant, id);
  }

  @HandleRpc(ListFiles)
  list(request: ListFilesRequest, { tenant }: MessageContext): Promise<Page<FileView>> {
    return this.service.list(tenant, request);
  }

  @HandleRpc(ReplaceFileContent)
  replaceContent(request: ReplaceFileContentRequest, { tenant }: MessageContext): Promise<ReplaceFileContentReply> {
    return this.service.replaceContent(tenant, request);
  }

  @HandleRpc(DeleteFile)
  delete({ id }: ByIdRequest, { tenant }: MessageContext): Promise<DeletedReply> {
    return this.service.delete(tenant, id);
  }

  @HandleCommand(DeleteBlob, { maxAttempts: MAX_ATTEMPTS })
  async deleteBlob({ blobKey }: DeleteBlobPayload): Promise<Outcome> {
    await this.service.deleteBlob(blobKey);
    return ack();
  }
}
