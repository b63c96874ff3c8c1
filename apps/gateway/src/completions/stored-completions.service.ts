import { Injectable } from '@nestjs/common';
import {
  DeleteStoredRequest,
  GetStoredRequest,
  ListRequestMessages,
  ListStoredRequests,
  type Metadata,
  type Page,
  type StoredRequestView,
  type TenantContext,
  UpdateStoredRequest,
} from '@parley/contracts';
import { MessageBus } from '@parley/messaging';
import { type PageFields } from '../wire/page.query.js';
import { instructionMessages, type StoredCompletionMessage, storedMessage } from './stored-completion.view.js';

const KIND = 'completion';

@Injectable()
export class StoredCompletionsService {
  constructor(private readonly bus: MessageBus) {}

  list(
    tenant: TenantContext,
    { model, metadata, ...page }: PageFields & { model: string | undefined; metadata: Metadata | undefined },
  ): Promise<Page<StoredRequestView>> {
    const filter = { ...(model === undefined ? {} : { model }), ...(metadata === undefined ? {} : { metadata }) };
    return this.bus.request(ListStoredRequests, { ...page, ...filter, kind: KIND }, tenant);
  }

  /** @throws DomainError `not_found` */
  get(tenant: TenantContext, id: string): Promise<StoredRequestView> {
    return this.bus.request(GetStoredRequest, { id, kind: KIND }, tenant);
  }

  setMetadata(tenant: TenantContext, id: string, metadata: Metadata): Promise<StoredRequestView> {
    return this.bus.request(UpdateStoredRequest, { id, kind: KIND, metadata }, tenant);
  }

  async delete(tenant: TenantContext, id: string): Promise<void> {
    await this.bus.request(DeleteStoredRequest, { id, kind: KIND }, tenant);
  }

  /** The first page, from the beginning on, has the instructions as well: they are in no conversation. */
  async messages(tenant: TenantContext, id: string, page: PageFields): Promise<Page<StoredCompletionMessage>> {
    const { data, hasMore } = await this.bus.request(ListRequestMessages, { ...page, id, kind: KIND }, tenant);
    const isBeginning = page.order === 'asc' && page.after === undefined && page.before === undefined;
    const instructions = isBeginning ? instructionMessages(await this.get(tenant, id)) : [];
    return { data: [...instructions, ...data.map(storedMessage)], hasMore };
  }
}
