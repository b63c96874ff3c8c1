import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { DomainError, TenantContext } from '@parley/contracts';
import { v7 as uuidv7 } from 'uuid';
import { ApiKeysService } from './api-keys.service.js';
import { AuthConfig } from './auth.config.js';
import { AuthenticationService } from './authentication.service.js';
import { hashPassword } from './passwords.js';
import { type Scope, SCOPES } from './scopes.js';
import { TenantsRepository } from './tenants.repository.js';

const TENANT_NAME = 'default';
const MIN_RETRY_MS = 500;
const MAX_RETRY_MS = 2_000;

export interface Administrator {
  created: boolean;
  /** uuid */
  tenantId: string;
  /** uuid */
  userId: string;
}

/** The first tenant, its administrator and a first key: what cannot be made through the API. */
@Injectable()
export class IdentityBootstrap implements OnApplicationBootstrap, OnModuleDestroy {
  readonly #logger = new Logger(IdentityBootstrap.name);
  #retry: NodeJS.Timeout | undefined;

  constructor(
    private readonly config: AuthConfig,
    private readonly tenants: TenantsRepository,
    private readonly apiKeys: ApiKeysService,
    private readonly authentication: AuthenticationService,
  ) {}

  /** Without a database, or before its migration, the app starts all the same and tries again until there is one. */
  async onApplicationBootstrap(): Promise<void> {
    const { bootstrapAdminEmail: email, bootstrapAdminPassword: password } = this.config;
    if (email !== undefined && password !== undefined) await this.#tryEnsureAdmin({ email, password }, MIN_RETRY_MS);
  }

  onModuleDestroy(): void {
    clearTimeout(this.#retry);
  }

  async #tryEnsureAdmin(admin: { email: string; password: string }, retryMs: number): Promise<void> {
    try {
      const { created } = await this.ensureAdmin(admin);
      if (created) this.#logger.log('The first administrator was created.');
    } catch (error) {
      this.#logger.warn(`The first administrator could not be looked up: ${(error as Error).message}`);
      const next = () => void this.#tryEnsureAdmin(admin, Math.min(retryMs * 2, MAX_RETRY_MS));
      this.#retry = setTimeout(next, retryMs).unref();
    }
  }

  /**
   * Creates the first tenant and its admin when there is none yet; any number of processes may do so at once.
   * Otherwise changes nothing and tells the admin with that e-mail address, or else the oldest.
   */
  async ensureAdmin({ email, password }: { email: string; password: string }): Promise<Administrator> {
    const existing = await this.tenants.findPlatformAdmin(email);
    if (existing) return { created: false, ...existing };
    const tenant = TenantContext.of({ tenantId: uuidv7(), userId: uuidv7(), role: 'admin' });
    const admin = { id: tenant.userId, email, passwordHash: await hashPassword(password), role: tenant.role };
    const created = await this.tenants.bootstrapAdmin(tenant, TENANT_NAME, admin);
    if (created) return { created, tenantId: tenant.tenantId, userId: tenant.userId };
    const winner = await this.tenants.findPlatformAdmin(email);
    if (!winner) throw new Error('The first tenant has no administrator who is enabled.');
    return { created, ...winner };
  }

  /**
   * The secret of a key that works for this administrator: the one given when it still does, else that of a new key.
   * @param secret from an earlier start
   */
  async ensureApiKey(
    { tenantId, userId }: Pick<Administrator, 'tenantId' | 'userId'>,
    { name, scopes = SCOPES, secret }: { name: string; scopes?: readonly Scope[]; secret?: string | undefined },
  ): Promise<{ created: boolean; secret: string }> {
    if (secret !== undefined && (await this.#belongsTo(userId, secret))) return { created: false, secret };
    const issued = await this.apiKeys.issue(TenantContext.of({ tenantId, userId, role: 'admin' }), { name, scopes });
    return { created: true, secret: issued.secret };
  }

  async #belongsTo(userId: string, secret: string): Promise<boolean> {
    try {
      return (await this.authentication.byApiKey(secret)).tenant.userId === userId;
    } catch (error) {
      if (error instanceof DomainError && error.code === 'invalid_credentials') return false;
      throw error;
    }
  }
}
