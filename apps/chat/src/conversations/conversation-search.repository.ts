import { Injectable } from '@nestjs/common';
import {
  DomainError,
  type MatchingMessage,
  type SearchConversationsRequest,
  type TenantContext,
} from '@parley/contracts';
import { Database, storableText } from '@parley/persistence';
import { In } from 'typeorm';
import { ConversationEntity } from './conversation.entity.js';
import { literalQuery } from './search-query.js';

export interface FoundConversation {
  conversation: ConversationEntity;
  messages: MatchingMessage[];
}

@Injectable()
export class ConversationSearchRepository {
  constructor(private readonly database: Database) {}

  /** One more than asked for shows that there are more. @throws DomainError `invalid_request` for a strange cursor */
  search(tenant: TenantContext, request: SearchConversationsRequest): Promise<FoundConversation[]> {
    const { tenantId, userId } = tenant;
    const { query, after = null, limit } = request;
    const text = storableText(query);
    return this.database.withTenant(tenant, async (tx) => {
      if (after !== null && !(await tx.existsBy(ConversationEntity, { id: after, tenantId, userId }))) {
        throw new DomainError('invalid_request', 'after is not an id of this list.', { param: 'after' });
      }
      const found: { conversation_id: string; matches: MatchingMessage[] }[] = await tx.query(
        'select * from chat.search_conversations($1, $2, $3, $4, $5, $6)',
        [tenantId, userId, text, literalQuery(text), after, limit + 1],
      );
      const ids = found.map((row) => row.conversation_id);
      const rows = await tx.findBy(ConversationEntity, { id: In(ids), tenantId, userId });
      const byId = new Map(rows.map((row) => [row.id, row]));
      return found.flatMap(({ conversation_id: id, matches: messages }) => {
        const conversation = byId.get(id);
        return conversation ? [{ conversation, messages }] : [];
      });
    });
  }
}
