import { Injectable } from '@nestjs/common';
import { type Metadata, type Page, type PageRequest, type TenantContext } from '@parley/contracts';
import { Database, keysetPage, storable, storableText } from '@parley/persistence';
import { ConversationEntity } from './conversation.entity.js';
import { leafOf } from './messages.repository.js';

export interface NewConversation {
  id: string;
  assistantId: string | null;
  title: string | null;
  titleSource: 'user' | null;
  metadata: Metadata;
}

export interface ConversationChanges {
  title?: string | null;
  titleSource?: 'user';
  metadata?: Metadata;
  branch?: string;
}

export interface NewSummary {
  /** Of the conversation. */
  id: string;
  /** The message up to which the earlier summary tells; null when there is none. */
  before: string | null;
  summary: string;
  /** The message up to which it tells. */
  messageId: string;
}

/** Users see their own conversations, administrators included. */
@Injectable()
export class ConversationsRepository {
  constructor(private readonly database: Database) {}

  /** The row as it is afterwards: of a repeated create, the first one's. Null when the id belongs to somebody else. */
  create(tenant: TenantContext, conversation: NewConversation): Promise<ConversationEntity | null> {
    return this.database.withTenant(tenant, async (tx) => {
      const values = { ...storable(conversation), ...ownedBy(tenant) };
      await tx.createQueryBuilder().insert().into(ConversationEntity).values(values).orIgnore().execute();
      return tx.findOneBy(ConversationEntity, { id: conversation.id, ...ownedBy(tenant) });
    });
  }

  find(tenant: TenantContext, id: string): Promise<ConversationEntity | null> {
    return this.database.withTenant(tenant, (tx) => tx.findOneBy(ConversationEntity, { id, ...ownedBy(tenant) }));
  }

  list(tenant: TenantContext, page: PageRequest): Promise<Page<ConversationEntity>> {
    return this.database.withTenant(tenant, (tx) => {
      const query = tx
        .createQueryBuilder(ConversationEntity, 'conversation')
        .where('conversation.tenantId = :tenantId and conversation.userId = :userId', ownedBy(tenant));
      return keysetPage(query, page);
    });
  }

  /**
   * The row as it is afterwards; null when there is none.
   * @param branch any message of the branch that is to be gone on with
   * @throws DomainError `not_found` for such a message
   */
  update(
    tenant: TenantContext,
    id: string,
    { branch, ...fields }: ConversationChanges,
  ): Promise<ConversationEntity | null> {
    return this.database.withTenant(tenant, async (tx) => {
      const head =
        branch === undefined ? {} : { headId: await leafOf(tx, tenant, { conversationId: id, messageId: branch }) };
      const set = { ...storable(fields), ...head, updatedAt: () => 'now()' };
      await tx
        .createQueryBuilder()
        .update(ConversationEntity)
        .set(set)
        .where({ id, ...ownedBy(tenant) })
        .execute();
      return tx.findOneBy(ConversationEntity, { id, ...ownedBy(tenant) });
    });
  }

  /** The title that a model made, unless the user has chosen one meanwhile. */
  async nameByModel(tenant: TenantContext, id: string, title: string): Promise<void> {
    await this.database.withTenant(tenant, (tx) =>
      tx
        .createQueryBuilder()
        .update(ConversationEntity)
        .set({ title: storableText(title), titleSource: 'model' })
        .where({ id, ...ownedBy(tenant) })
        .andWhere(`title_source is distinct from 'user'`)
        .execute(),
    );
  }

  /** Unless the summary is no more the one that it takes up. */
  async saveSummary(tenant: TenantContext, summary: NewSummary): Promise<void> {
    const { id, before, summary: text, messageId } = summary;
    await this.database.withTenant(tenant, (tx) =>
      tx
        .createQueryBuilder()
        .update(ConversationEntity)
        .set({ summary: storableText(text), summaryMessageId: messageId })
        .where({ id, ...ownedBy(tenant) })
        .andWhere('summary_message_id is not distinct from :before', { before })
        .execute(),
    );
  }

  /** With its messages; false when there is none. */
  async delete(tenant: TenantContext, id: string): Promise<boolean> {
    const { affected } = await this.database.withTenant(tenant, (tx) =>
      tx.delete(ConversationEntity, { id, ...ownedBy(tenant) }),
    );
    return affected === 1;
  }
}

function ownedBy({ tenantId, userId }: TenantContext): { tenantId: string; userId: string } {
  return { tenantId, userId };
}
