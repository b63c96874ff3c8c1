import { Injectable } from '@nestjs/common';
import { type Page, type PageRequest, type TenantContext } from '@parley/contracts';
import { Database, keysetPage } from '@parley/persistence';
import { type EntityManager, IsNull } from 'typeorm';
import { ApiKeyEntity } from './api-key.entity.js';
import { type Scope } from './scopes.js';

export interface NewApiKey {
  id: string;
  name: string;
  prefix: string;
  secretHash: Buffer;
  scopes: Scope[];
  expiresAt: Date | null;
}

/** Admins see all keys of their tenant, members their own. Revoked keys are kept for the record and not shown. */
@Injectable()
export class ApiKeysRepository {
  constructor(private readonly database: Database) {}

  create(tenant: TenantContext, key: NewApiKey): Promise<ApiKeyEntity> {
    return this.database.withTenant(tenant, (tx) => insertApiKey(tx, tenant, key));
  }

  list(tenant: TenantContext, page: PageRequest): Promise<Page<ApiKeyEntity>> {
    return this.database.withTenant(tenant, (tx) =>
      keysetPage(tx.createQueryBuilder(ApiKeyEntity, 'k').where(visibleTo(tenant)), page),
    );
  }

  /** @returns whether there was such a key */
  async revoke(tenant: TenantContext, id: string): Promise<boolean> {
    const { affected } = await this.database.withTenant(tenant, (tx) =>
      tx.update(ApiKeyEntity, { ...visibleTo(tenant), id }, { revokedAt: new Date() }),
    );
    return affected === 1;
  }
}

function visibleTo({ tenantId, userId, role }: TenantContext) {
  return { tenantId, revokedAt: IsNull(), ...(role === 'admin' ? {} : { userId }) };
}

export async function insertApiKey(tx: EntityManager, tenant: TenantContext, key: NewApiKey): Promise<ApiKeyEntity> {
  const { tenantId, userId } = tenant;
  const entity = tx.create(ApiKeyEntity, { ...key, tenantId, userId, lastUsedAt: null, revokedAt: null });
  await tx.insert(ApiKeyEntity, entity);
  return entity;
}
