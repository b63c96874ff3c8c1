import { Injectable } from '@nestjs/common';
import {
  DomainError,
  type ListMessagesRequest,
  type MessageRequest,
  type Page,
  type PageRequest,
  type TenantContext,
} from '@parley/contracts';
import { Database, keysetPage } from '@parley/persistence';
import { type EntityManager, In } from 'typeorm';
import { RunEntity } from '../runs/run.entity.js';
import { BRANCH_DOWN, BRANCH_UP, FORGET_HASHES_BEHIND, SIBLINGS } from './branch.repository.js';
import { ConversationEntity } from './conversation.entity.js';
import { FeedbackEntity } from './feedback.entity.js';
import { type HistoryHash } from './history-hash.js';
import { MessageEntity } from './message.entity.js';

/** A message, the run that wrote it, what else follows the same message, and what the user thinks of it. */
export interface WrittenMessage {
  message: MessageEntity;
  run: RunEntity | null;
  siblingIds: string[];
  feedback: FeedbackEntity | null;
}

/** Whole branches are listed; no conversation of people comes near it. */
const MAX_BRANCH = 100_000;

@Injectable()
export class MessagesRepository {
  constructor(private readonly database: Database) {}

  /**
   * What was said in a branch, or in all of them.
   * @param head the last message of the branch that is gone on with
   * @throws DomainError `not_found` for a branch that there is not
   */
  list(tenant: TenantContext, head: string | null, request: ListMessagesRequest): Promise<Page<WrittenMessage>> {
    const { conversationId, branch, all, tools } = request;
    const owner = ownerOf(tenant);
    return this.database.withTenant(tenant, async (tx) => {
      const query = tx
        .createQueryBuilder(MessageEntity, 'message')
        .where('message.tenantId = :tenantId and message.userId = :userId', owner)
        .andWhere('message.conversationId = :conversationId', { conversationId });
      if (!all) {
        const leaf = branch === undefined ? head : await leafOf(tx, tenant, { conversationId, messageId: branch });
        query.andWhere(`message.id in (${BRANCH_UP})`, { leaf, depth: MAX_BRANCH, until: null });
        if (!tools) query.andWhere(`message.role <> 'tool'`);
      }
      const { data, hasMore } = await keysetPage(query, request);
      return { data: await withOrigin(tx, tenant, conversationId, data), hasMore };
    });
  }

  /** A message and those before it, results of tools included. @param message null: nothing */
  listUpTo(
    tenant: TenantContext,
    { conversationId, messageId: leaf }: { conversationId: string; messageId: string | null },
    page: PageRequest,
  ): Promise<Page<WrittenMessage>> {
    return this.database.withTenant(tenant, async (tx) => {
      const query = tx
        .createQueryBuilder(MessageEntity, 'message')
        .where('message.tenantId = :tenantId and message.userId = :userId', ownerOf(tenant))
        .andWhere(`message.id in (${BRANCH_UP})`, { conversationId, leaf, depth: MAX_BRANCH, until: null });
      const { data, hasMore } = await keysetPage(query, page);
      return { data: await withOrigin(tx, tenant, conversationId, data), hasMore };
    });
  }

  /** Null when the user has no such message. */
  find(tenant: TenantContext, { conversationId, messageId }: MessageRequest): Promise<MessageEntity | null> {
    return this.database.withTenant(tenant, (tx) =>
      tx.findOneBy(MessageEntity, { id: messageId, conversationId, ...ownerOf(tenant) }),
    );
  }

  /** The same with what wrote it and what stands beside it. */
  get(tenant: TenantContext, { conversationId, messageId }: MessageRequest): Promise<WrittenMessage | null> {
    return this.database.withTenant(tenant, async (tx) => {
      const message = await tx.findOneBy(MessageEntity, { id: messageId, conversationId, ...ownerOf(tenant) });
      const [written] = message ? await withOrigin(tx, tenant, conversationId, [message]) : [];
      return written ?? null;
    });
  }

  /** The run that wrote a message; null for what the client sent. */
  findRun(tenant: TenantContext, { runId }: MessageEntity): Promise<RunEntity | null> {
    if (runId === null) return Promise.resolve(null);
    return this.database.withTenant(tenant, (tx) => tx.findOneBy(RunEntity, { id: runId, ...ownerOf(tenant) }));
  }

  /**
   * A message and those before it, oldest first.
   * @param limits how many at most of the last, and the message before which no more are needed
   */
  branch(
    tenant: TenantContext,
    { conversationId, messageId: leaf }: MessageRequest,
    limits: { depth: number; until: string | null },
  ): Promise<MessageEntity[]> {
    return this.database.withTenant(tenant, (tx) =>
      tx
        .createQueryBuilder(MessageEntity, 'message')
        .where(`message.id in (${BRANCH_UP})`, { leaf, conversationId, ...limits, ...ownerOf(tenant) })
        .orderBy('message.createdAt', 'ASC')
        .addOrderBy('message.id', 'ASC')
        .getMany(),
    );
  }

  /** The answer up to which a history is this; of several equal ones the latest. Null when there is none. */
  findByHistory(
    tenant: TenantContext,
    assistantId: string | null,
    historyHash: HistoryHash,
  ): Promise<MessageRequest | null> {
    return this.database.withTenant(tenant, async (tx) => {
      const rows: MessageRequest[] = await tx.query(
        `select c.id as "conversationId", m.id as "messageId"
         from chat.messages m join chat.conversations c on c.id = m.conversation_id
         where m.tenant_id = $1 and m.user_id = $2 and m.history_hash = $3 and m.role = 'assistant'
           and c.assistant_id is not distinct from $4
         order by m.created_at desc limit 1`,
        [tenant.tenantId, tenant.userId, historyHash, assistantId],
      );
      return rows[0] ?? null;
    });
  }

  /** False when there is none. What follows it follows the one before it from then on. */
  delete(tenant: TenantContext, { conversationId, messageId: id }: MessageRequest): Promise<boolean> {
    const owner = ownerOf(tenant);
    return this.database.withTenant(tenant, async (tx) => {
      await holdConversation(tx, tenant, conversationId);
      const message = await tx.findOneBy(MessageEntity, { id, conversationId, ...owner });
      if (message) await removeMessage(tx, tenant, message);
      return message !== null;
    });
  }
}

/** Runs that begin or end in the conversation meanwhile wait for this lock, or this for them. Null when there is none. */
export function holdConversation(
  tx: EntityManager,
  tenant: TenantContext,
  id: string,
): Promise<ConversationEntity | null> {
  return tx.findOne(ConversationEntity, { where: { id, ...ownerOf(tenant) }, lock: { mode: 'pessimistic_write' } });
}

/** What follows it follows the one before it from then on, and nothing tells of it any more. */
export async function removeMessage(tx: EntityManager, tenant: TenantContext, message: MessageEntity): Promise<void> {
  const { id, conversationId, parentId } = message;
  const owner = ownerOf(tenant);
  await tx.query(FORGET_HASHES_BEHIND, [id, owner.tenantId, owner.userId]);
  await tx.update(MessageEntity, { parentId: id, ...owner }, { parentId });
  await tx.update(ConversationEntity, { headId: id, ...owner }, { headId: parentId });
  await tx.update(ConversationEntity, { id: conversationId, ...owner }, { summary: null, summaryMessageId: null });
  await tx.delete(MessageEntity, { id, ...owner });
}

/** The end of the branch that a message belongs to. @throws DomainError `not_found` */
export async function leafOf(
  tx: EntityManager,
  { tenantId, userId }: TenantContext,
  { conversationId, messageId }: MessageRequest,
): Promise<string> {
  const rows: { id: string }[] = await tx.query(BRANCH_DOWN, [messageId, conversationId, tenantId, userId]);
  if (!rows[0]) throw DomainError.notFound('message', 'branch');
  return rows[0].id;
}

export async function withOrigin(
  tx: EntityManager,
  tenant: TenantContext,
  conversationId: string,
  messages: MessageEntity[],
): Promise<WrittenMessage[]> {
  if (messages.length === 0) return [];
  const { tenantId, userId } = tenant;
  const parents = messages.flatMap(({ parentId }) => parentId ?? []);
  const hasFirst = messages.some(({ parentId }) => parentId === null);
  const siblings: { parent: string; ids: string[] }[] = await tx.query(SIBLINGS, [
    ...[conversationId, tenantId, userId],
    ...[parents, hasFirst],
  ]);
  const runIds = messages.flatMap(({ runId }) => runId ?? []);
  const runs = await tx.findBy(RunEntity, { id: In(runIds), tenantId, userId });
  const feedback = await tx.findBy(FeedbackEntity, { messageId: In(messages.map(({ id }) => id)), tenantId, userId });
  const feedbackOf = new Map(feedback.map((given) => [given.messageId, given]));
  const runOf = new Map(runs.map((run) => [run.id, run]));
  const siblingsOf = new Map(siblings.map(({ parent, ids }) => [parent, ids]));
  return messages.map((message) => ({
    message,
    run: runOf.get(message.runId ?? '') ?? null,
    siblingIds: siblingsOf.get(message.parentId ?? '') ?? [],
    feedback: feedbackOf.get(message.id) ?? null,
  }));
}

function ownerOf({ tenantId, userId }: TenantContext): { tenantId: string; userId: string } {
  return { tenantId, userId };
}
