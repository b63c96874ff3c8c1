import { Injectable } from '@nestjs/common';
import {
  type CheckedCitation,
  type ConversationView,
  CreateConversation,
  DeleteConversation,
  DeleteMessage,
  DomainError,
  GetConversation,
  GetMessage,
  GetMessageCitations,
  ListConversations,
  ListMessages,
  type MessageCitationsRequest,
  type MessageRequest,
  type MessageView,
  type Page,
  parseId,
  type TenantContext,
  UpdateConversation,
} from '@parley/contracts';
import { MessageBus } from '@parley/messaging';
import { newId } from '../idempotency/idempotency-scope.js';
import { type PageFields, pageFields } from '../wire/page.query.js';
import {
  type CreateConversationBody,
  type MessagesQuery,
  type UpdateConversationBody,
} from './conversation.request.js';

@Injectable()
export class ConversationsService {
  constructor(private readonly bus: MessageBus) {}

  async create(tenant: TenantContext, body: CreateConversationBody): Promise<ConversationView> {
    const title = typeof body.title === 'string' ? { title: body.title } : {};
    const request = { id: newId(), metadata: body.metadata ?? {}, ...title, ...assistant(body.assistant_id) };
    return this.bus.request(CreateConversation, request, tenant);
  }

  list(tenant: TenantContext, page: PageFields): Promise<Page<ConversationView>> {
    return this.bus.request(ListConversations, page, tenant);
  }

  get(tenant: TenantContext, id: string): Promise<ConversationView> {
    return this.bus.request(GetConversation, { id }, tenant);
  }

  /** @throws DomainError `not_found` */
  update(
    tenant: TenantContext,
    id: string,
    { title, metadata, branch }: UpdateConversationBody,
  ): Promise<ConversationView> {
    const changes = {
      ...(title === undefined ? {} : { title }),
      ...(metadata === undefined ? {} : { metadata: metadata ?? {} }),
      ...(typeof branch === 'string' ? { branch: messageId(branch, 'branch') } : {}),
    };
    return this.bus.request(UpdateConversation, { id, ...changes }, tenant);
  }

  async delete(tenant: TenantContext, id: string): Promise<void> {
    await this.bus.request(DeleteConversation, { id }, tenant);
  }

  messages(tenant: TenantContext, conversationId: string, query: MessagesQuery): Promise<Page<MessageView>> {
    const page = pageFields(query, 'message');
    return this.bus.request(ListMessages, { ...page, conversationId, ...branchOf(query) }, tenant);
  }

  message(tenant: TenantContext, request: MessageRequest): Promise<MessageView> {
    return this.bus.request(GetMessage, request, tenant);
  }

  async deleteMessage(tenant: TenantContext, request: MessageRequest): Promise<void> {
    await this.bus.request(DeleteMessage, request, tenant);
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

function branchOf({ branch }: MessagesQuery): { all?: true; branch?: string } {
  if (branch === undefined || branch === '') return {};
  return branch === 'all' ? { all: true } : { branch: messageId(branch, 'branch') };
}

/** @throws DomainError `not_found` naming the field */
export function messageId(text: string, param: string): string {
  const id = parseId('message', text);
  if (id === null) throw DomainError.notFound('message', param);
  return id;
}
