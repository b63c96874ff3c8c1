import { Injectable } from '@nestjs/common';
import { type Page, type PageRequest, type TenantContext } from '@parley/contracts';
import { Database, keysetPage, storable } from '@parley/persistence';
import { AssistantEntity } from './assistant.entity.js';

export type AssistantFields = Pick<
  AssistantEntity,
  | 'name'
  | 'instructions'
  | 'model'
  | 'knowledgeBaseIds'
  | 'retrievalMode'
  | 'tools'
  | 'temperature'
  | 'maxOutputTokens'
  | 'metadata'
>;

@Injectable()
export class AssistantsRepository {
  constructor(private readonly database: Database) {}

  /** The row as it is afterwards: of a repeated create, the first one's. Null when the id belongs to another tenant. */
  create(tenant: TenantContext, id: string, fields: AssistantFields): Promise<AssistantEntity | null> {
    const { tenantId } = tenant;
    return this.database.withTenant(tenant, async (tx) => {
      const values = { ...storable(fields), id, tenantId };
      await tx.createQueryBuilder().insert().into(AssistantEntity).values(values).orIgnore().execute();
      return tx.findOneBy(AssistantEntity, { id, tenantId });
    });
  }

  find(tenant: TenantContext, id: string): Promise<AssistantEntity | null> {
    return this.database.withTenant(tenant, (tx) => tx.findOneBy(AssistantEntity, { id, tenantId: tenant.tenantId }));
  }

  list(tenant: TenantContext, page: PageRequest): Promise<Page<AssistantEntity>> {
    return this.database.withTenant(tenant, (tx) => {
      const { tenantId } = tenant;
      const query = tx
        .createQueryBuilder(AssistantEntity, 'assistant')
        .where('assistant.tenantId = :tenantId', { tenantId });
      return keysetPage(query, page);
    });
  }

  /** The newest ones, without their texts. */
  listNewest(tenant: TenantContext, limit: number): Promise<Pick<AssistantEntity, 'id' | 'createdAt'>[]> {
    const where = { tenantId: tenant.tenantId };
    return this.database.withTenant(tenant, (tx) =>
      tx.find(AssistantEntity, {
        select: { id: true, createdAt: true },
        where,
        order: { createdAt: 'DESC' },
        take: limit,
      }),
    );
  }

  /** Null when there is none. */
  update(tenant: TenantContext, id: string, fields: Partial<AssistantFields>): Promise<AssistantEntity | null> {
    const { tenantId } = tenant;
    return this.database.withTenant(tenant, async (tx) => {
      const set = { ...storable(fields), updatedAt: () => 'now()' };
      await tx.createQueryBuilder().update(AssistantEntity).set(set).where({ id, tenantId }).execute();
      return tx.findOneBy(AssistantEntity, { id, tenantId });
    });
  }

  /** False when there is none. */
  async delete(tenant: TenantContext, id: string): Promise<boolean> {
    const { affected } = await this.database.withTenant(tenant, (tx) =>
      tx.delete(AssistantEntity, { id, tenantId: tenant.tenantId }),
    );
    return affected === 1;
  }
}
