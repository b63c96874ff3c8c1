import { Injectable } from '@nestjs/common';
import { DomainError, type TenantContext } from '@parley/contracts';
import { type ChatMessage } from '@parley/llm';
import { ChatConfig } from '../chat.config.js';
import { ConversationsRepository } from './conversations.repository.js';
import { type HistoryHash } from './history-hash.js';
import { type MessageEntity } from './message.entity.js';
import { MessagesRepository } from './messages.repository.js';

/** A question, a call of a tool, its result, an answer. */
const MESSAGES_PER_TURN = 4;

export interface StoredHistory {
  id: string;
  assistantId: string | null;
  historyHash: HistoryHash | null;
  /** The last turns, oldest first, beginning with a message of the user. */
  messages: ChatMessage[];
}

/** What a new run has to know of the conversation it continues. */
@Injectable()
export class ConversationHistory {
  constructor(
    private readonly conversations: ConversationsRepository,
    private readonly messages: MessagesRepository,
    private readonly config: ChatConfig,
  ) {}

  /** @throws DomainError `not_found` */
  async load(tenant: TenantContext, id: string): Promise<StoredHistory> {
    const limit = (this.config.shortTermMemoryTurns + 1) * MESSAGES_PER_TURN;
    const [conversation, stored] = await Promise.all([
      this.conversations.find(tenant, id),
      this.messages.listLast(tenant, id, limit),
    ]);
    if (!conversation) throw DomainError.notFound('conversation', 'conversation_id');
    const messages = stored
      .slice(
        Math.max(
          0,
          stored.findIndex(({ role }) => role === 'user'),
        ),
      )
      .map(toChatMessage);
    return { id, assistantId: conversation.assistantId, historyHash: conversation.historyHash, messages };
  }

  /** The conversation whose answered history has this hash, or null. */
  findByHash(tenant: TenantContext, assistantId: string | null, historyHash: HistoryHash): Promise<string | null> {
    return this.conversations.findByHistory(tenant, assistantId, historyHash);
  }
}

function toChatMessage({ role, content, toolCalls, toolCallId }: MessageEntity): ChatMessage {
  return { role, content, ...(toolCalls && { toolCalls }), ...(toolCallId !== null && { toolCallId }) };
}
