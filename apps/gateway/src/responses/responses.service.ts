import { Injectable } from '@nestjs/common';
import {
  DeleteStoredRequest,
  DomainError,
  GetMessage,
  GetStoredRequest,
  ListRequestMessages,
  type Page,
  parseId,
  type StartRunReply,
  type StoredRequestView,
  type TenantContext,
} from '@parley/contracts';
import { MessageBus } from '@parley/messaging';
import { type ItemsQuery } from '../conversation-items/conversation-items.request.js';
import { itemPage } from '../conversation-items/item-pages.js';
import { type ItemObject } from '../conversation-items/item.view.js';
import { type Run, RunClient, type RunRequest } from '../runs/run.client.js';
import { type CreateResponseBody } from './response.request.js';
import { type ResponseRequest, responseRun } from './response-request.js';
import { type ToldResponse } from './response-telling.js';

type Place = Pick<RunRequest, 'conversationId' | 'branch'>;
const KIND = 'response';

@Injectable()
export class ResponsesService {
  constructor(
    private readonly bus: MessageBus,
    private readonly runs: RunClient,
  ) {}

  /** @throws DomainError naming the field at fault */
  async start(tenant: TenantContext, body: CreateResponseBody, left: AbortSignal): Promise<Run> {
    return this.runs.start(tenant, await this.#request(tenant, body), left);
  }

  /** Nobody has to listen to it. */
  async begin(tenant: TenantContext, body: CreateResponseBody): Promise<StartRunReply> {
    return this.runs.begin(tenant, await this.#request(tenant, body));
  }

  /** @throws DomainError `not_found` */
  get(tenant: TenantContext, id: string): Promise<StoredRequestView> {
    return this.bus.request(GetStoredRequest, { id, kind: KIND }, tenant);
  }

  /** A stored response heard again, live or ended. @throws DomainError `not_found`, `events_expired` */
  async hear(
    tenant: TenantContext,
    id: string,
    { after, showsResults }: Pick<ToldResponse, 'after' | 'showsResults'>,
    left: AbortSignal,
  ): Promise<{ run: Run; told: ToldResponse }> {
    const { request, run: view } = await this.get(tenant, id);
    const told = { request: request as unknown as ResponseRequest, metadata: view.metadata, after, showsResults };
    const run = await this.runs.resume(tenant, id, 0, left);
    if (!run) throw DomainError.notFound('response');
    return { run, told };
  }

  async cancel(tenant: TenantContext, id: string): Promise<StoredRequestView> {
    const { request } = await this.get(tenant, id);
    return { request, run: await this.runs.cancel(tenant, id) };
  }

  async delete(tenant: TenantContext, id: string): Promise<void> {
    await this.bus.request(DeleteStoredRequest, { id, kind: KIND }, tenant);
  }

  /** All that the response follows. @throws DomainError `not_found` */
  async inputItems(tenant: TenantContext, id: string, query: ItemsQuery): Promise<Page<ItemObject>> {
    const { run } = await this.get(tenant, id);
    const { conversationId } = run;
    const source = {
      get: (messageId: string) =>
        this.bus.request(GetMessage, { conversationId: conversationId ?? '', messageId }, tenant),
      list: (page: Pick<ItemsQuery, 'limit' | 'order' | 'after'>) =>
        this.bus.request(ListRequestMessages, { ...page, id, kind: KIND }, tenant),
    };
    return itemPage(source, query);
  }

  async #request(tenant: TenantContext, body: CreateResponseBody): Promise<RunRequest> {
    return { ...responseRun(body), ...(await this.#place(tenant, body)) };
  }

  async #place(tenant: TenantContext, body: CreateResponseBody): Promise<Place> {
    const previous = body.previous_response_id ?? null;
    const conversation = conversationOf(body);
    if (previous !== null && conversation !== null) {
      const message = 'A response goes on with a conversation or behind a response, not both.';
      throw new DomainError('invalid_request', message, { param: 'previous_response_id' });
    }
    if (previous !== null) return this.#behind(tenant, previous);
    return conversation === null ? {} : { conversationId: conversation };
  }

  async #behind(tenant: TenantContext, previous: string): Promise<Place> {
    const param = 'previous_response_id';
    const id = parseId('response', previous);
    if (id === null) throw DomainError.notFound('response', param);
    const { run } = await this.get(tenant, id).catch((error: unknown) => {
      throw error instanceof DomainError && error.code === 'not_found'
        ? DomainError.notFound('response', param)
        : error;
    });
    if (run.status === 'queued' || run.status === 'in_progress')
      throw new DomainError('conflict', 'The previous response is still being written.', { param });
    const messageId = run.output ? run.messageId : run.parentId;
    if (run.conversationId === null || messageId === null) throw DomainError.notFound('response', param);
    return { conversationId: run.conversationId, branch: { kind: 'after', messageId } };
  }
}

/** @throws DomainError `not_found` */
function conversationOf({ conversation }: CreateResponseBody): string | null {
  if (conversation === undefined || conversation === null) return null;
  const text = typeof conversation === 'object' && 'id' in conversation ? conversation.id : conversation;
  const id = typeof text === 'string' ? parseId('conversation', text) : null;
  if (id === null) throw DomainError.notFound('conversation', 'conversation');
  return id;
}
