import { Controller } from '@nestjs/common';
import {
  type DeletedReply,
  DeleteStoredRequest,
  GetStoredRequest,
  ListRequestMessages,
  type ListRequestMessagesRequest,
  ListStoredRequests,
  type ListStoredRequestsRequest,
  type MessageView,
  type Page,
  type StoredRequestRequest,
  type StoredRequestView,
  UpdateStoredRequest,
  type UpdateStoredRequestRequest,
} from '@parley/contracts';
import { HandleRpc, type MessageContext } from '@parley/messaging';
import { StoredRequestsService } from './stored-requests.service.js';

@Controller()
export class StoredRequestsConsumer {
  constructor(private readonly requests: StoredRequestsService) {}

  @HandleRpc(GetStoredRequest)
  get(request: StoredRequestRequest, { tenant }: MessageContext): Promise<StoredRequestView> {
    return this.requests.get(tenant, request);
  }

  @HandleRpc(ListStoredRequests)
  list(request: ListStoredRequestsRequest, { tenant }: MessageContext): Promise<Page<StoredRequestView>> {
    return this.requests.list(tenant, request);
  }

  @HandleRpc(UpdateStoredRequest)
  update(request: UpdateStoredRequestRequest, { tenant }: MessageContext): Promise<StoredRequestView> {
    return this.requests.update(tenant, request);
  }

  @HandleRpc(DeleteStoredRequest)
  delete(request: StoredRequestRequest, { tenant }: MessageContext): Promise<DeletedReply> {
    return this.requests.delete(tenant, request);
  }

  @HandleRpc(ListRequestMessages)
  listMessages(request: ListRequestMessagesRequest, { tenant }: MessageContext): Promise<Page<MessageView>> {
    return this.requests.listMessages(tenant, request);
  }
}
