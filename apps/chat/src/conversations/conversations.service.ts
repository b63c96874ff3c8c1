import { Injectable } from '@nestjs/common';
import {
  type AddMessagesRequest,
  type ConversationView,
  type CreateConversationRequest,
  type DeletedReply,
  DomainError,
  type ListMessagesRequest,
  type MessageCitationsReply,
  type MessageCitationsRequest,
  type MessageRequest,
  type MessageView,
  type Page,
  type PageRequest,
  type TenantContext,
  type UpdateConversationRequest,
} from '@parley/contracts';
import { AssistantsRepository } from '../assistants/assistants.repository.js';
import { AddedMessagesRepository } from './added-messages.repository.js';
import { CitationsClient } from './citations.client.js';
import { conversationView, messageView } from './conversation.view.js';
import { ConversationsRepository } from './conversations.repository.js';
import { MessagesRepository } from './messages.repository.js';

@Injectable()
export class ConversationsService {
  constructor(
    private readonly conversations: ConversationsRepository,
    private readonly messages: MessagesRepository,
    private readonly added: AddedMessagesRepository,
    private readonly assistants: AssistantsRepository,
    private readonly verifier: CitationsClient,
  ) {}

  async create(tenant: TenantContext, request: CreateConversationRequest): Promise<ConversationView> {
    const { id, assistantId = null, title = null, metadata } = request;
    if (assistantId !== null && !(await this.assistants.find(tenant, assistantId))) {
      throw DomainError.notFound('assistant', 'assistant_id');
    }
    const titleSource = title === null ? null : 'user';
    const conversation = await this.conversations.create(tenant, { id, assistantId, title, titleSource, metadata });
    if (!conversation) throw new DomainError('conflict', 'The id is taken.', { param: 'id' });
    return conversationView(conversation);
  }

  async get(tenant: TenantContext, id: string): Promise<ConversationView> {
    const conversation = await this.conversations.find(tenant, id);
    if (!conversation) throw notFound();
    return conversationView(conversation);
  }

  async list(tenant: TenantContext, request: PageRequest): Promise<Page<ConversationView>> {
    const { data, hasMore } = await this.conversations.list(tenant, request);
    return { data: data.map(conversationView), hasMore };
  }

  /** @throws DomainError `not_found` for the conversation and the branch */
  async update(tenant: TenantContext, { id, ...changes }: UpdateConversationRequest): Promise<ConversationView> {
    const chosen = changes.title === undefined ? {} : { titleSource: 'user' as const };
    const conversation = await this.conversations.update(tenant, id, { ...changes, ...chosen });
    if (!conversation) throw notFound();
    return conversationView(conversation);
  }

  async delete(tenant: TenantContext, id: string): Promise<DeletedReply> {
    if (!(await this.conversations.delete(tenant, id))) throw notFound();
    return { id, deleted: true };
  }

  async listMessages(tenant: TenantContext, request: ListMessagesRequest): Promise<Page<MessageView>> {
    const conversation = await this.conversations.find(tenant, request.conversationId);
    if (!conversation) throw notFound();
    const { data, hasMore } = await this.messages.list(tenant, conversation.headId, request);
    return { data: data.map(messageView), hasMore };
  }

  /** @throws DomainError `not_found` */
  async addMessages(tenant: TenantContext, request: AddMessagesRequest): Promise<MessageView[]> {
    const written = await this.added.add(tenant, request);
    if (!written) throw notFound();
    return written.map(messageView);
  }

  async message(tenant: TenantContext, request: MessageRequest): Promise<MessageView> {
    const written = await this.messages.get(tenant, request);
    if (!written) throw DomainError.notFound('message');
    return messageView(written);
  }

  async deleteMessage(tenant: TenantContext, request: MessageRequest): Promise<DeletedReply> {
    if (!(await this.messages.delete(tenant, request))) throw DomainError.notFound('message');
    return { id: request.messageId, deleted: true };
  }

  /** What the message cites, checked against the documents of today. */
  async citations(tenant: TenantContext, request: MessageCitationsRequest): Promise<MessageCitationsReply> {
    const message = await this.messages.find(tenant, request);
    if (!message) throw DomainError.notFound('message');
    const verified = await this.verifier.verify(tenant, message.annotations);
    return { citations: message.annotations.map((citation, at) => ({ citation, ...verified[at]! })) };
  }
}

function notFound(): DomainError {
  return DomainError.notFound('conversation');
}
