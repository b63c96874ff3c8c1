import { Injectable } from '@nestjs/common';
import {
  type BranchPoint,
  type ChatMessage,
  type ConversationView,
  CreateConversation,
  DomainError,
  FindRunUnderWay,
  formatId,
  ListMessages,
  type MessageView,
  parseId,
  type RunView,
  type TenantContext,
} from '@parley/contracts';
import { MessageBus } from '@parley/messaging';
import { v5 as uuidv5 } from 'uuid';
import { runTools } from '../completions/tools.js';
import { ConversationsService } from '../conversations/conversations.service.js';
import { MessageConfig } from '../conversations/message.config.js';
import { modelChoice } from '../models/model-choice.js';
import { type Run, RunClient } from '../runs/run.client.js';
import { MAX_CHAT_ID_LENGTH, type UiChatBody, type UiMessageBody } from './ui-chat.request.js';
import { type ToldUiMessage } from './ui-message-chunks.js';
import { chatMessages, storedMessageId, textOf, toolResults } from './ui-messages.js';

/** Of the ids that are made here. */
const CHATS = '0d5b0f0e-7a44-4c53-9d8e-6a4d7b1f3c02';
/** Steps of one answer that are told again to a client that comes back. */
const MAX_EARLIER = 100;

interface Said {
  messages: ChatMessage[];
  branch?: BranchPoint;
}

export interface StartedUiMessage {
  run: Run;
  told: ToldUiMessage;
}

/**
 * Chats of the AI SDK, whose clients choose the ids: each is a conversation of whoever is signed in, whose id follows from
 * the chat's, so that any gateway finds it. What was said is what is stored; of the messages that a client sends only the
 * new ones count, and where they stand.
 */
@Injectable()
export class UiChatService {
  constructor(
    private readonly bus: MessageBus,
    private readonly runs: RunClient,
    private readonly conversations: ConversationsService,
    private readonly config: MessageConfig,
  ) {}

  /** @throws DomainError `invalid_request`, `message_too_long`, `not_found`, `model_not_found`, naming the field */
  async start(tenant: TenantContext, body: UiChatBody, left: AbortSignal): Promise<StartedUiMessage> {
    const sent = body.messages ?? (body.message ? [body.message] : []);
    const last = sent.at(-1);
    if (!last) throw new DomainError('invalid_request', 'messages must not be empty.', { param: 'messages' });
    this.#checkLength(last);
    const conversation = await this.#conversation(tenant, body.id);
    const isNew = conversation.headId === null;
    const said = isNew ? { messages: chatMessages(sent) } : await this.#said(tenant, conversation.id, body, sent);
    const { retrieval, generation } = runTools(body);
    const request = {
      ...(typeof body.model === 'string' ? modelChoice(body.model) : {}),
      ...{ conversationId: conversation.id, ...said, ...(retrieval ? { retrieval } : {}) },
      ...{ generation, store: true, metadata: {} },
    };
    const run = await this.runs.start(tenant, request, left);
    const messageId = last.role === 'assistant' ? last.id : formatId('message', run.messageId!);
    return { run, told: { messageId, earlier: [] } };
  }

  /** The answer that is being written in a chat, from its beginning; null when none is. @throws DomainError `not_found` */
  async resume(tenant: TenantContext, chatId: string, left: AbortSignal): Promise<StartedUiMessage | null> {
    const view = await this.#underWay(tenant, chatId);
    const run = view && (await this.runs.resume(tenant, view.id, 0, left));
    if (!run || run.messageId === null) return null;
    const earlier = await this.#earlier(tenant, view);
    return { run, told: { messageId: formatId('message', earlier[0]?.id ?? run.messageId), earlier } };
  }

  /** @param only a run's public id: any other is left alone. @returns the run that was stopped. @throws DomainError `not_found` */
  async stop(tenant: TenantContext, chatId: string, only: string | null): Promise<RunView | null> {
    const run = await this.#underWay(tenant, chatId);
    if (!run || (only !== null && formatId('run', run.id) !== only)) return null;
    return this.runs.cancel(tenant, run.id);
  }

  /** What is new, and which of the stored messages it follows. */
  async #said(
    tenant: TenantContext,
    conversationId: string,
    { trigger, messageId }: UiChatBody,
    sent: readonly UiMessageBody[],
  ): Promise<Said> {
    const last = sent.at(-1)!;
    const anchor = sent.slice(0, -1).findLast((message) => storedMessageId(message) !== null);
    const parentId = anchor ? storedMessageId(anchor) : null;
    if (trigger === 'regenerate-message') {
      const answerId = parseId('message', messageId ?? '');
      if (answerId !== null) return { messages: [], branch: { kind: 'regenerate', messageId: answerId } };
      const next = await this.#next(tenant, conversationId, parentId);
      const messages = chatMessages([last]);
      if (next?.role === 'user' && next.content === textOf(last))
        return { messages: [], branch: { kind: 'regenerate', messageId: next.id } };
      return this.#behind(tenant, conversationId, { messages, parentId, isFirst: true });
    }
    if (last.role === 'assistant') {
      const behind = storedMessageId(last);
      const messages = toolResults(last);
      if (messages.length === 0)
        throw new DomainError('invalid_request', 'The last message says nothing new.', { param: 'messages' });
      return behind === null ? { messages } : { messages, branch: { kind: 'after', messageId: behind } };
    }
    const instructions = sent.filter(({ role }) => role === 'system' && role !== last.role);
    const messages = chatMessages([...instructions, last]);
    return this.#behind(tenant, conversationId, { messages, parentId, isFirst: typeof messageId === 'string' });
  }

  /** @param place `isFirst`: without a parent it takes the place of the first message, instead of going on at the head */
  async #behind(
    tenant: TenantContext,
    conversationId: string,
    { messages, parentId, isFirst }: { messages: ChatMessage[]; parentId: string | null; isFirst: boolean },
  ): Promise<Said> {
    if (parentId !== null) return { messages, branch: { kind: 'after', messageId: parentId } };
    const first = isFirst ? await this.#next(tenant, conversationId, null) : null;
    return first?.role === 'user' ? { messages, branch: { kind: 'edit', messageId: first.id } } : { messages };
  }

  /** What stands behind a message in the branch that is gone on with; null: behind nothing, so the first one. */
  async #next(tenant: TenantContext, conversationId: string, after: string | null): Promise<MessageView | null> {
    const page = { limit: 1, order: 'asc' as const, ...(after === null ? {} : { after, branch: after }) };
    const { data } = await this.bus.request(ListMessages, { conversationId, ...page }, tenant);
    return data[0] ?? null;
  }

  /** Answers of the same turn that called tools, and the results, oldest first. */
  async #earlier(tenant: TenantContext, { conversationId, messageId, parentId }: RunView): Promise<MessageView[]> {
    if (conversationId === null || parentId === null) return [];
    const request = { conversationId, branch: parentId, tools: true, limit: MAX_EARLIER, order: 'desc' as const };
    const { data } = await this.bus.request(ListMessages, request, tenant);
    const before = data.filter(({ id }) => id !== messageId);
    const question = before.findIndex(({ role }) => role === 'user');
    return before.slice(0, question < 0 ? before.length : question).toReversed();
  }

  async #underWay(tenant: TenantContext, chatId: string): Promise<RunView | null> {
    const known = parseId('conversation', chatId);
    if (known !== null) await this.conversations.get(tenant, known);
    const conversationId = known ?? conversationOf(tenant, chatId);
    return (await this.bus.request(FindRunUnderWay, { conversationId }, tenant)).run;
  }

  /** Made by its first message; making it again changes nothing. */
  #conversation(tenant: TenantContext, chatId: string): Promise<ConversationView> {
    const known = parseId('conversation', chatId);
    if (known !== null) return this.conversations.get(tenant, known);
    const request = { id: conversationOf(tenant, chatId), metadata: { chat_id: chatId } };
    return this.bus.request(CreateConversation, request, tenant);
  }

  #checkLength(message: UiMessageBody): void {
    const { maxCharacters } = this.config;
    const { length } = textOf(message);
    if (message.role === 'assistant' || length <= maxCharacters) return;
    const fault = `The last message has ${length} characters; at most ${maxCharacters} are allowed.`;
    throw new DomainError('message_too_long', fault, { param: 'messages' });
  }
}

function conversationOf({ tenantId, userId }: TenantContext, chatId: string): string {
  if (chatId.length > MAX_CHAT_ID_LENGTH) throw DomainError.notFound('chat', 'chat_id');
  return uuidv5(JSON.stringify([tenantId, userId, chatId]), CHATS);
}
