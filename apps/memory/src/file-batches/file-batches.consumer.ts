import { Controller } from '@nestjs/common';
import {
  CancelFileBatch,
  CreateFileBatch,
  type CreateFileBatchRequest,
  type FileBatchRequest,
  type FileBatchView,
  GetFileBatch,
} from '@parley/contracts';
import { HandleRpc, type MessageContext } from '@parley/messaging';
import { FileBatchesService } from './file-batches.service.js';

@Controller()
export class FileBatchesConsumer {
  constructor(private readonly service: FileBatchesService) {}

  @HandleRpc(CreateFileBatch)
  create(request: CreateFileBatchRequest, { tenant }: MessageContext): Promise<FileBatchView> {
    return this.service.create(tenant, request);
  }

  @HandleRpc(GetFileBatch)
  get(request: FileBatchRequest, { tenant }: MessageContext): Promise<FileBatchView> {
    return this.service.get(tenant, request);
  }

  @HandleRpc(CancelFileBatch)
  cancel(request: FileBatchRequest, { tenant }: MessageContext): Promise<FileBatchView> {
    return this.service.cancel(tenant, request);
  }
}
