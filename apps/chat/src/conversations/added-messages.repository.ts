import { Injectable } from '@nestjs/common';
import { type AddedMessage, type AddMessagesRequest, type TenantContext } from '@parley/contracts';
import { Database, storableJson } from '@parley/persistence';
import { type ChatMessage } from '@parley/llm';
import { In } from 'typeorm';
import { extendHistoryHash } from './history-hash.js';
import { MessageEntity } from './message.entity.js';
import { holdConversation, withOrigin, type WrittenMessage } from './messages.repository.js';

/** Behind the head, which moves on. $1 conversation, $2 tenant, $3 user, $4 messages, $5 the last of them */
const ADD_MESSAGES = `
  with added as (
    insert into chat.messages (id, tenant_id, user_id, conversation_id, parent_id, role, content, tool_calls, tool_call_id,
      history_hash, words)
    select m.id, $2, $3, $1, m.parent_id, m.role, m.content, m.tool_calls, m.tool_call_id,
      decode(m.history_hash, 'hex'), case when m.role in ('user', 'assistant') then chat.message_words(m.content) end
    from jsonb_to_recordset($4::jsonb) as m (id uuid, parent_id uuid, role text, content text, tool_calls jsonb,
      tool_call_id text, history_hash text)
  )
  update chat.conversations set head_id = $5, updated_at = now() where id = $1 and tenant_id = $2 and user_id = $3`;

@Injectable()
export class AddedMessagesRepository {
  constructor(private readonly database: Database) {}

  /** Those that are there already are not added again. Null when there is no such conversation. */
  add(tenant: TenantContext, { conversationId, messages }: AddMessagesRequest): Promise<WrittenMessage[] | null> {
    const { tenantId, userId } = tenant;
    const ids = messages.map(({ id }) => id);
    return this.database.withTenant(tenant, async (tx) => {
      const conversation = await holdConversation(tx, tenant, conversationId);
      if (!conversation) return null;
      const added = { id: In(ids), conversationId, tenantId, userId };
      if (!(await tx.existsBy(MessageEntity, added))) {
        const head = conversation.headId && (await tx.findOneBy(MessageEntity, { id: conversation.headId, tenantId }));
        const rows = chained(head || null, messages);
        await tx.query(ADD_MESSAGES, [conversationId, tenantId, userId, storableJson(rows), ids.at(-1)]);
      }
      const stored = await tx.findBy(MessageEntity, added);
      stored.sort((a, b) => ids.indexOf(a.id) - ids.indexOf(b.id));
      return withOrigin(tx, tenant, conversationId, stored);
    });
  }
}

function chained(head: MessageEntity | null, messages: AddedMessage[]): object[] {
  const isKnown = head === null || head.historyHash !== null;
  let historyHash = head?.historyHash ?? null;
  let parentId = head?.id ?? null;
  return messages.map(({ id, role, content, toolCalls, toolCallId }) => {
    const calls = toolCalls?.map((call) => ({ id: call.id, ...call.function }));
    const said: ChatMessage = { role, content, ...(calls && { toolCalls: calls }) };
    if (isKnown) historyHash = extendHistoryHash(historyHash, [said]);
    const row = {
      ...{ id, parent_id: parentId, role, content },
      tool_calls: calls ?? null,
      tool_call_id: toolCallId ?? null,
      history_hash: historyHash?.toString('hex') ?? null,
    };
    parentId = id;
    return row;
  });
}
