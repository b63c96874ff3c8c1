import { Injectable } from '@nestjs/common';
import { type Page, type PageRequest, TenantContext } from '@parley/contracts';
import { v7 as uuidv7 } from 'uuid';
import { ApiKeysService } from './api-keys.service.js';
import { hashPassword } from './passwords.js';
import { assertPlatformAdmin, type Principal } from './principal.js';
import { type TenantEntity } from './tenant.entity.js';
import { type CreatedTenant, TenantsRepository } from './tenants.repository.js';

/** Tenants are made by the admins of the tenant that the suite was set up with, and by nobody else. */
@Injectable()
export class TenantsService {
  constructor(
    private readonly tenants: TenantsRepository,
    private readonly apiKeys: ApiKeysService,
  ) {}

  /** A tenant, its admin, and a key to start with. */
  async create(
    principal: Principal,
    name: string,
    adminEmail: string,
    adminPassword: string,
  ): Promise<CreatedTenant & { secret: string }> {
    assertPlatformAdmin(principal);
    const tenant = TenantContext.of({ tenantId: uuidv7(), userId: uuidv7(), role: 'admin' });
    const passwordHash = await hashPassword(adminPassword);
    const admin = { id: tenant.userId, email: adminEmail, passwordHash, role: tenant.role };
    const { row, secret } = this.apiKeys.draw({ name: 'first key' });
    return { ...(await this.tenants.create(tenant, name, admin, row)), secret };
  }

  async list(principal: Principal, page: PageRequest): Promise<Page<TenantEntity>> {
    assertPlatformAdmin(principal);
    return this.tenants.list(principal.tenant, page);
  }
}
