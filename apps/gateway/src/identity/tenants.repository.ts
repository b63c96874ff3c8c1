import { Injectable } from '@nestjs/common';
import { type Page, type PageRequest, type TenantContext } from '@parley/contracts';
import { Database } from '@parley/persistence';
import { type ApiKeyEntity } from './api-key.entity.js';
import { insertApiKey, type NewApiKey } from './api-keys.repository.js';
import { TenantEntity } from './tenant.entity.js';
import { type UserEntity } from './user.entity.js';
import { insertUser, type NewUser } from './users.repository.js';

export interface CreatedTenant {
  tenant: TenantEntity;
  admin: UserEntity;
  apiKey: ApiKeyEntity;
}

interface TenantRow {
  id: string;
  name: string;
  created_at: Date;
}

@Injectable()
export class TenantsRepository {
  constructor(private readonly database: Database) {}

  /**
   * The tenant with its first user and key, or nothing.
   * @param tenant the new one, with its admin as user
   */
  create(tenant: TenantContext, name: string, admin: NewUser, key: NewApiKey): Promise<CreatedTenant> {
    return this.database.withTenant(tenant, async (tx) => {
      const entity = tx.create(TenantEntity, { id: tenant.tenantId, name });
      await tx.insert(TenantEntity, entity);
      return {
        tenant: entity,
        admin: await insertUser(tx, tenant, admin),
        apiKey: await insertApiKey(tx, tenant, key),
      };
    });
  }

  /** All tenants for an admin of the platform's tenant, none for anybody else. */
  async list({ userId }: TenantContext, { limit, order, after, before }: PageRequest): Promise<Page<TenantEntity>> {
    const isBackwards = after === undefined && before !== undefined;
    const isAscending = (order === 'asc') !== isBackwards;
    const rows = await this.database.withoutTenant((tx) =>
      tx.query<TenantRow[]>('select * from identity.list_tenants($1, $2, $3, $4)', [
        userId,
        after ?? before ?? null,
        isAscending,
        limit + 1,
      ]),
    );
    const data = rows.slice(0, limit).map(({ id, name, created_at: createdAt }) => ({ id, name, createdAt }));
    return { data: isBackwards ? data.reverse() : data, hasMore: rows.length > limit };
  }

  async findPlatformAdmin(email: string): Promise<{ tenantId: string; userId: string } | null> {
    const [row] = await this.database.withoutTenant((tx) =>
      tx.query<{ tenant_id: string; user_id: string }[]>('select * from identity.find_platform_admin($1)', [email]),
    );
    return row ? { tenantId: row.tenant_id, userId: row.user_id } : null;
  }

  /** @returns false when another process was first */
  async bootstrapAdmin(tenant: TenantContext, name: string, admin: NewUser): Promise<boolean> {
    const [row] = await this.database.withoutTenant((tx) =>
      tx.query<{ created: boolean }[]>('select identity.bootstrap_admin($1, $2, $3, $4, $5) as created', [
        tenant.tenantId,
        name,
        admin.id,
        admin.email,
        admin.passwordHash,
      ]),
    );
    return row?.created ?? false;
  }
}
