import { Injectable } from '@nestjs/common';
import { type Metadata, type Page, type PageRequest, type TenantContext } from '@parley/contracts';
import { Database, keysetPage, storable } from '@parley/persistence';
import { ConversationEntity } from './conversation.entity.js';
import { leafOf } from './messages.repository.js';

export interface NewConversation {
  id: string;
  assistantId: string | null;
  title: string | null;
  metadata: Metadata;
}

export interface ConversationChanges {
  title?: string | null;
  metadata?: Metadata;
  branch?: string;
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
