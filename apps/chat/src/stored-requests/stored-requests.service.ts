import { Injectable } from '@nestjs/common';
import {
  type DeletedReply,
  DomainError,
  type ListRequestMessagesRequest,
  type ListStoredRequestsRequest,
  type MessageView,
  type Page,
  type StoredRequestRequest,
  type StoredRequestView,
  type TenantContext,
  type UpdateStoredRequestRequest,
} from '@parley/contracts';
import { messageView } from '../conversations/conversation.view.js';
import { MessagesRepository } from '../conversations/messages.repository.js';
import { runView } from '../runs/run.view.js';
import { type AnsweredRequest, StoredRequestsRepository } from './stored-requests.repository.js';

@Injectable()
export class StoredRequestsService {
  constructor(
    private readonly requests: StoredRequestsRepository,
    private readonly messages: MessagesRepository,
  ) {}

  /** @throws DomainError `not_found` */
  async get(tenant: TenantContext, request: StoredRequestRequest): Promise<StoredRequestView> {
    return view(await this.#find(tenant, request));
  }

  async list(tenant: TenantContext, request: ListStoredRequestsRequest): Promise<Page<StoredRequestView>> {
    const { data, hasMore } = await this.requests.list(tenant, request);
    return { data: data.map(view), hasMore };
  }

  /** @throws DomainError `not_found` */
  async update(
    tenant: TenantContext,
    { metadata, ...request }: UpdateStoredRequestRequest,
  ): Promise<StoredRequestView> {
    const updated = await this.requests.update(tenant, request, metadata);
    if (!updated) throw notFound(request);
    return view(updated);
  }

  /** @throws DomainError `not_found`, `conflict` while the answer is being written */
  async delete(tenant: TenantContext, request: StoredRequestRequest): Promise<DeletedReply> {
    if (!(await this.requests.delete(tenant, request))) throw notFound(request);
    return { id: request.id, deleted: true };
  }

  /** @throws DomainError `not_found` */
  async listMessages(tenant: TenantContext, request: ListRequestMessagesRequest): Promise<Page<MessageView>> {
    const { stored, run } = await this.#find(tenant, request);
    const { conversationId } = stored;
    const { data, hasMore } = await this.messages.listUpTo(
      tenant,
      { conversationId, messageId: run.parentId },
      request,
    );
    return { data: data.map(messageView), hasMore };
  }

  async #find(tenant: TenantContext, request: StoredRequestRequest): Promise<AnsweredRequest> {
    const found = await this.requests.find(tenant, request);
    if (!found) throw notFound(request);
    return found;
  }
}

function view({ stored, ...answered }: AnsweredRequest): StoredRequestView {
  return { request: stored.request, run: runView(answered) };
}

function notFound({ kind }: Pick<StoredRequestRequest, 'kind'>): DomainError {
  return DomainError.notFound(kind === 'completion' ? 'chat completion' : 'response');
}
