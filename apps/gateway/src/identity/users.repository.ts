import { Injectable } from '@nestjs/common';
import { DomainError, type Page, type PageRequest, type Role, type TenantContext } from '@parley/contracts';
import { Database, keysetPage } from '@parley/persistence';
import { type EntityManager, QueryFailedError } from 'typeorm';
import { UserEntity } from './user.entity.js';

const UNIQUE_VIOLATION = '23505';

export interface NewUser {
  id: string;
  email: string;
  passwordHash: string;
  role: Role;
}

@Injectable()
export class UsersRepository {
  constructor(private readonly database: Database) {}

  /** @throws DomainError `conflict` when any tenant has a user with that e-mail address */
  create(tenant: TenantContext, user: NewUser): Promise<UserEntity> {
    return this.database.withTenant(tenant, (tx) => insertUser(tx, tenant, user));
  }

  list(tenant: TenantContext, page: PageRequest): Promise<Page<UserEntity>> {
    return this.database.withTenant(tenant, (tx) =>
      keysetPage(tx.createQueryBuilder(UserEntity, 'u').where({ tenantId: tenant.tenantId }), page),
    );
  }
}

export async function insertUser(tx: EntityManager, tenant: TenantContext, user: NewUser): Promise<UserEntity> {
  const entity = tx.create(UserEntity, { ...user, tenantId: tenant.tenantId, disabledAt: null });
  try {
    await tx.insert(UserEntity, entity);
    return entity;
  } catch (error) {
    if (!(error instanceof QueryFailedError) || error.driverError.code !== UNIQUE_VIOLATION) throw error;
    throw new DomainError('conflict', 'A user with this e-mail address exists already.', { param: 'email' });
  }
}
