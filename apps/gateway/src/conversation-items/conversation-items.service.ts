import { Injectable } from '@nestjs/common';
import {
  type AddedMessage,
  AddMessages,
  type ChatMessage,
  type ConversationView,
  CreateConversation,
  DeleteMessage,
  DomainError,
  GetConversation,
  GetMessage,
  ListMessages,
  type Metadata,
  type Page,
  type TenantContext,
  UpdateConversation,
} from '@parley/contracts';
import { MessageBus } from '@parley/messaging';
import { newId } from '../idempotency/idempotency-scope.js';
import { type ItemsQuery } from './conversation-items.request.js';
import { inputMessages } from './input-items.js';
import { messageOfItem } from './item-id.js';
import { type ItemObject, itemsOf } from './item.view.js';
import { itemPage } from './item-pages.js';

@Injectable()
export class ConversationItemsService {
  constructor(private readonly bus: MessageBus) {}

  /** @throws DomainError `invalid_request`, `unsupported_parameter` naming the item at fault */
  async create(tenant: TenantContext, items: unknown[], metadata: Metadata): Promise<ConversationView> {
    const id = newId();
    const messages = storableMessages(items);
    const conversation = await this.bus.request(CreateConversation, { id, metadata }, tenant);
    if (messages.length > 0) await this.bus.request(AddMessages, { conversationId: id, messages }, tenant);
    return conversation;
  }

  async setMetadata(tenant: TenantContext, id: string, metadata: Metadata): Promise<ConversationView> {
    return this.bus.request(UpdateConversation, { id, metadata }, tenant);
  }

  async add(tenant: TenantContext, conversationId: string, items: unknown[]): Promise<ItemObject[]> {
    const messages = storableMessages(items);
    const views = await this.bus.request(AddMessages, { conversationId, messages }, tenant);
    return views.flatMap(itemsOf);
  }

  list(tenant: TenantContext, conversationId: string, query: ItemsQuery): Promise<Page<ItemObject>> {
    const source = {
      get: (messageId: string) => this.bus.request(GetMessage, { conversationId, messageId }, tenant),
      list: (page: Pick<ItemsQuery, 'limit' | 'order' | 'after'>) =>
        this.bus.request(ListMessages, { ...page, conversationId, tools: true }, tenant),
    };
    return itemPage(source, query);
  }

  async get(tenant: TenantContext, conversationId: string, itemId: string): Promise<ItemObject> {
    const items = await this.#siblings(tenant, conversationId, itemId);
    return items.find(({ id }) => id === itemId)!;
  }

  /** @throws DomainError `conflict` for a part of a message that has several */
  async delete(tenant: TenantContext, conversationId: string, itemId: string): Promise<ConversationView> {
    const items = await this.#siblings(tenant, conversationId, itemId);
    if (items.length > 1) throw new DomainError('conflict', 'The item is part of an answer with several.');
    const messageId = messageOfItem(itemId)!;
    await this.bus.request(DeleteMessage, { conversationId, messageId }, tenant);
    return this.bus.request(GetConversation, { id: conversationId }, tenant);
  }

  /** The items of the message that holds the item. @throws DomainError `not_found` */
  async #siblings(tenant: TenantContext, conversationId: string, itemId: string): Promise<ItemObject[]> {
    const messageId = messageOfItem(itemId);
    if (messageId === null) throw DomainError.notFound('item', 'item_id');
    const items = itemsOf(await this.bus.request(GetMessage, { conversationId, messageId }, tenant));
    if (!items.some(({ id }) => id === itemId)) throw DomainError.notFound('item', 'item_id');
    return items;
  }
}

function storableMessages(items: unknown[]): AddedMessage[] {
  return inputMessages(items, 'items').map((message, index) => ({
    id: newId(),
    role: message.role,
    content: textOf(message, `items.${index}.content`),
    ...(message.toolCalls ? { toolCalls: message.toolCalls } : {}),
    ...(message.toolCallId === undefined ? {} : { toolCallId: message.toolCallId }),
  }));
}

/** Conversations keep texts. @throws DomainError `unsupported_parameter` */
function textOf({ content }: ChatMessage, param: string): string {
  if (content === null || typeof content === 'string') return content ?? '';
  const isText = content.every((part) => part['type'] === 'text');
  if (!isText) throw new DomainError('unsupported_parameter', 'Conversations keep texts alone.', { param });
  return content.map((part) => part['text']).join('\n');
}
