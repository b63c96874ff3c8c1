import { Injectable } from '@nestjs/common';
import {
  DomainError,
  type ListStoredRequestsRequest,
  type Metadata,
  type Page,
  type StoredRequestRequest,
  type TenantContext,
} from '@parley/contracts';
import { Database, keysetPage, storable } from '@parley/persistence';
import { type EntityManager, In } from 'typeorm';
import { ConversationEntity } from '../conversations/conversation.entity.js';
import { MessageEntity } from '../conversations/message.entity.js';
import { holdConversation, removeMessage } from '../conversations/messages.repository.js';
import { RunEntity } from '../runs/run.entity.js';
import { type StoredRun } from '../runs/runs.repository.js';
import { StoredRequestEntity } from './stored-request.entity.js';

export interface AnsweredRequest extends StoredRun {
  stored: StoredRequestEntity;
}

@Injectable()
export class StoredRequestsRepository {
  constructor(private readonly database: Database) {}

  find(tenant: TenantContext, request: StoredRequestRequest): Promise<AnsweredRequest | null> {
    return this.database.withTenant(tenant, (tx) => find(tx, tenant, request));
  }

  list(tenant: TenantContext, request: ListStoredRequestsRequest): Promise<Page<AnsweredRequest>> {
    const { tenantId, userId } = tenant;
    const { kind, model, metadata } = request;
    return this.database.withTenant(tenant, async (tx) => {
      const query = tx
        .createQueryBuilder(StoredRequestEntity, 'stored')
        .where('stored.tenantId = :tenantId and stored.userId = :userId', { tenantId, userId })
        .andWhere('stored.kind = :kind', { kind });
      if (model !== undefined) query.andWhere('stored.model = :model', { model });
      if (metadata !== undefined) {
        const has = 'exists (select 1 from chat.runs r where r.id = stored.run_id and r.metadata @> :metadata::jsonb)';
        query.andWhere(has, { metadata: JSON.stringify(storable(metadata)) });
      }
      const { data, hasMore } = await keysetPage(query, request);
      return { data: await withAnswers(tx, tenant, data), hasMore };
    });
  }

  /** Null when there is no such request. */
  update(tenant: TenantContext, request: StoredRequestRequest, metadata: Metadata): Promise<AnsweredRequest | null> {
    const { tenantId, userId } = tenant;
    return this.database.withTenant(tenant, async (tx) => {
      const found = await find(tx, tenant, request);
      if (!found) return null;
      await tx.update(RunEntity, { id: request.id, tenantId, userId }, { metadata: storable(metadata) });
      return find(tx, tenant, request);
    });
  }

  /**
   * With the answer, what it added where nothing else follows, and the conversation when nothing is left in it.
   * @throws DomainError `conflict` while the answer is being written
   */
  delete(tenant: TenantContext, request: StoredRequestRequest): Promise<boolean> {
    const { tenantId, userId } = tenant;
    return this.database.withTenant(tenant, async (tx) => {
      const found = await find(tx, tenant, request);
      if (!found) return false;
      const { stored, run, message } = found;
      if (run.status === 'queued' || run.status === 'in_progress')
        throw new DomainError('conflict', 'The answer is still being written; cancel it first.');
      const { conversationId } = stored;
      await holdConversation(tx, tenant, conversationId);
      if (message) await removeMessage(tx, tenant, message);
      for (const id of [...stored.addedIds].reverse()) {
        const added = await tx.findOneBy(MessageEntity, { id, conversationId, tenantId, userId });
        if (added && !(await tx.existsBy(MessageEntity, { parentId: id, tenantId, userId })))
          await removeMessage(tx, tenant, added);
      }
      await tx.delete(StoredRequestEntity, { id: stored.id, tenantId, userId });
      const isEmpty = !(await tx.existsBy(MessageEntity, { conversationId, tenantId, userId }));
      if (isEmpty) await tx.delete(ConversationEntity, { id: conversationId, tenantId, userId });
      return true;
    });
  }
}

async function find(
  tx: EntityManager,
  tenant: TenantContext,
  { id, kind }: StoredRequestRequest,
): Promise<AnsweredRequest | null> {
  const { tenantId, userId } = tenant;
  const stored = await tx.findOneBy(StoredRequestEntity, { id, kind, tenantId, userId });
  const [found] = stored ? await withAnswers(tx, tenant, [stored]) : [];
  return found ?? null;
}

async function withAnswers(
  tx: EntityManager,
  { tenantId, userId }: TenantContext,
  stored: StoredRequestEntity[],
): Promise<AnsweredRequest[]> {
  const runs = await tx.findBy(RunEntity, { id: In(stored.map(({ id }) => id)), tenantId, userId });
  const messageIds = runs.flatMap(({ messageId }) => messageId ?? []);
  const messages = await tx.findBy(MessageEntity, { id: In(messageIds), tenantId, userId });
  const messageOf = new Map(messages.map((message) => [message.id, message]));
  const runOf = new Map(runs.map((run) => [run.id, run]));
  return stored.flatMap((request) => {
    const run = runOf.get(request.id);
    return run ? [{ stored: request, run, message: messageOf.get(run.messageId ?? '') ?? null }] : [];
  });
}
