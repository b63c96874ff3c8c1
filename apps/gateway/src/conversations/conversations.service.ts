import { Injectable } from '@nestjs/common';
import {
  type CheckedCitation,
  type ConversationView,
  CreateConversation,
  DeleteConversation,
  DomainError,
  GetConversation,
  GetMessageCitations,
  ListConversations,
  ListMessages,
  type MessageCitationsRequest,
  type MessageView,
  type Page,
  parseId,
  type TenantContext,
} from '@parley/contracts';
import { MessageBus } from '@parley/messaging';
import { v7 as uuidv7 } from 'uuid';
import { type PageFields } from '../wire/page.query.js';
import { type CreateConversationBody } from './conversation.request.js';

@Injectable()
export class ConversationsService {
  constructor(private readonly bus: MessageBus) {}

  async create(tenant: TenantContext, body: CreateConversationBody): Promise<ConversationView> {
    const title = typeof body.title === 'string' ? { title: body.title } : {};
    const request = { id: uuidv7(), metadata: body.metadata ?? {}, ...title, ...assistant(body.assistant_id) };
    return this.bus.request(CreateConversation, request, tenant);
  }

  list(tenant: TenantContext, page: PageFields): Promise<Page<ConversationView>> {
    return this.bus.request(ListConversations, page, tenant);
  }

  get(tenant: TenantContext, id: string): Promise<ConversationView> {
    return this.bus.request(GetConversation, { id }, tenant);
  }

  async delete(tenant: TenantContext, id: string): Promise<void> {
    await this.bus.request(DeleteConversation, { id }, tenant);
  }

  messages(tenant: TenantContext, conversationId: string, page: PageFields): Promise<Page<MessageView>> {
    return this.bus.request(ListMessages, { ...page, conversationId }, tenant);
  }

  async citations(tenant: TenantContext, request: MessageCitationsRequest): Promise<CheckedCitation[]> {
    return (await this.bus.request(GetMessageCitations, request, tenant)).citations;
  }
}

function assistant(text: string | null | undefined): { assistantId?: string } {
  if (text === undefined || text === null) return {};
  const assistantId = parseId('assistant', text);
  if (assistantId === null) throw DomainError.notFound('assistant', 'assistant_id');
  return { assistantId };
}
