import { Injectable } from '@nestjs/common';
import {
  type ConversationView,
  type CreateConversationRequest,
  type DeletedReply,
  DomainError,
  type ListMessagesRequest,
  type MessageCitationsReply,
  type MessageCitationsRequest,
  type MessageView,
  type Page,
  type PageRequest,
  type TenantContext,
} from '@parley/contracts';
import { AssistantsRepository } from '../assistants/assistants.repository.js';
import { usageOf } from '../runs/usage.js';
import { CitationsClient } from './citations.client.js';
import { type ConversationEntity } from './conversation.entity.js';
import { ConversationsRepository } from './conversations.repository.js';
import { MessagesRepository, type WrittenMessage } from './messages.repository.js';

@Injectable()
export class ConversationsService {
  constructor(
    private readonly conversations: ConversationsRepository,
    private readonly messages: MessagesRepository,
    private readonly assistants: AssistantsRepository,
    private readonly verifier: CitationsClient,
  ) {}

  async create(tenant: TenantContext, request: CreateConversationRequest): Promise<ConversationView> {
    const { id, assistantId = null, title = null, metadata } = request;
    if (assistantId !== null && !(await this.assistants.find(tenant, assistantId))) {
      throw DomainError.notFound('assistant', 'assistant_id');
    }
    const conversation = await this.conversations.create(tenant, { id, assistantId, title, metadata });
    if (!conversation) throw new DomainError('conflict', 'The id is taken.', { param: 'id' });
    return toView(conversation);
  }

  async get(tenant: TenantContext, id: string): Promise<ConversationView> {
    const conversation = await this.conversations.find(tenant, id);
    if (!conversation) throw notFound();
    return toView(conversation);
  }

  async list(tenant: TenantContext, request: PageRequest): Promise<Page<ConversationView>> {
    const { data, hasMore } = await this.conversations.list(tenant, request);
    return { data: data.map(toView), hasMore };
  }

  async delete(tenant: TenantContext, id: string): Promise<DeletedReply> {
    if (!(await this.conversations.delete(tenant, id))) throw notFound();
    return { id, deleted: true };
  }

  async listMessages(tenant: TenantContext, request: ListMessagesRequest): Promise<Page<MessageView>> {
    if (!(await this.conversations.find(tenant, request.conversationId))) throw notFound();
    const { data, hasMore } = await this.messages.list(tenant, request);
    return { data: data.map(toMessageView), hasMore };
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

function toView(conversation: ConversationEntity): ConversationView {
  const { id, title, assistantId, metadata, createdAt, updatedAt } = conversation;
  return {
    id,
    title,
    assistantId,
    metadata,
    createdAt: createdAt.toISOString(),
    updatedAt: updatedAt.toISOString(),
  };
}

function toMessageView({ message, run }: WrittenMessage): MessageView {
  const { id, conversationId, content, annotations, runId } = message;
  return {
    id,
    conversationId,
    role: message.role === 'assistant' ? 'assistant' : 'user',
    content,
    annotations,
    runId,
    model: run?.model ?? null,
    usage: run && usageOf(run),
    createdAt: message.createdAt.toISOString(),
  };
}
