import { Injectable } from '@nestjs/common';
import {
  type ConversationMatch,
  type ConversationView,
  DomainError,
  type Feedback,
  GetConversation,
  GiveFeedback,
  type GiveFeedbackRequest,
  ListMessages,
  type MessageRequest,
  type MessageView,
  type Page,
  parseId,
  SearchConversations,
  type TenantContext,
  WithdrawFeedback,
} from '@parley/contracts';
import { MessageBus } from '@parley/messaging';
import { type SearchQuery } from './conversation.request.js';

const PAGE = { limit: 100, order: 'asc' } as const;

export interface ConversationExport {
  conversation: ConversationView;
  /** To be read once; a page is in memory at a time. */
  messages: AsyncIterable<MessageView>;
}

@Injectable()
export class ConversationCareService {
  constructor(private readonly bus: MessageBus) {}

  async search(tenant: TenantContext, { query, limit, after }: SearchQuery): Promise<Page<ConversationMatch>> {
    const cursor = after === undefined || after === '' ? {} : { after: cursorOf(after) };
    return this.bus.request(SearchConversations, { query, limit, ...cursor }, tenant);
  }

  /** @param all every branch, or the one that is gone on with. @throws DomainError `not_found` */
  async export(tenant: TenantContext, id: string, all: boolean): Promise<ConversationExport> {
    const conversation = await this.bus.request(GetConversation, { id }, tenant);
    return { conversation, messages: this.#messages(tenant, id, all) };
  }

  give(tenant: TenantContext, request: GiveFeedbackRequest): Promise<Feedback> {
    return this.bus.request(GiveFeedback, request, tenant);
  }

  async withdraw(tenant: TenantContext, request: MessageRequest): Promise<void> {
    await this.bus.request(WithdrawFeedback, request, tenant);
  }

  async *#messages(tenant: TenantContext, conversationId: string, all: boolean): AsyncGenerator<MessageView> {
    let cursor: { after?: string } = {};
    for (;;) {
      const request = { ...PAGE, conversationId, ...(all ? { all } : {}), ...cursor };
      const { data, hasMore } = await this.bus.request(ListMessages, request, tenant);
      yield* data;
      const last = data.at(-1);
      if (!hasMore || !last) return;
      cursor = { after: last.id };
    }
  }
}

function cursorOf(text: string): string {
  const id = parseId('conversation', text);
  if (id === null) throw new DomainError('invalid_request', 'after is not an id of this list.', { param: 'after' });
  return id;
}
