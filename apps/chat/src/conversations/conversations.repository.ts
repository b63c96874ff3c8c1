import { Injectable } from '@nestjs/common';
import { type Metadata, type Page, type PageRequest, type TenantContext } from '@parley/contracts';
import { Database, keysetPage, storable } from '@parley/persistence';
import { ConversationEntity } from './conversation.entity.js';
import { type HistoryHash } from './history-hash.js';

export interface NewConversation {
  id: string;
  assistantId: string | null;
  title: string | null;
  metadata: Metadata;
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

  /** The one whose answered history is this; of several equal ones the latest. Null when there is none. */
  findByHistory(tenant: TenantContext, assistantId: string | null, historyHash: HistoryHash): Promise<string | null> {
    return this.database.withTenant(tenant, async (tx) => {
      const rows: { id: string }[] = await tx.query(
        `select id from chat.conversations
         where tenant_id = $1 and user_id = $2 and history_hash = $3 and assistant_id is not distinct from $4
         order by updated_at desc limit 1`,
        [tenant.tenantId, tenant.userId, historyHash, assistantId],
      );
      return rows[0]?.id ?? null;
    });
  }

  list(tenant: TenantContext, page: PageRequest): Promise<Page<ConversationEntity>> {
    return this.database.withTenant(tenant, (tx) => {
      const query = tx
        .createQueryBuilder(ConversationEntity, 'conversation')
        .where('conversation.tenantId = :tenantId and conversation.userId = :userId', ownedBy(tenant));
      return keysetPage(query, page);
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
