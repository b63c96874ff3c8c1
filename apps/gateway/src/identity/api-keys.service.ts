import { type KeyObject } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { DomainError, type Page, type PageRequest, type TenantContext } from '@parley/contracts';
import { v7 as uuidv7 } from 'uuid';
import { type ApiKeyEntity } from './api-key.entity.js';
import { createApiKeySecret, hashApiKeySecret, visiblePrefix } from './api-key-secret.js';
import { ApiKeysRepository, type NewApiKey } from './api-keys.repository.js';
import { AuthConfig } from './auth.config.js';
import { AuthenticationService } from './authentication.service.js';
import { type Principal } from './principal.js';
import { type Scope, USE_SCOPES } from './scopes.js';

export interface ApiKeyWishes {
  name: string;
  /** Without any: everything but administration. */
  scopes?: readonly Scope[] | undefined;
  expiresAt?: Date | null | undefined;
}

/** A key with its secret, which exists only now: the database keeps a hash. */
export interface IssuedApiKey {
  key: ApiKeyEntity;
  secret: string;
}

@Injectable()
export class ApiKeysService {
  readonly #pepper: KeyObject;

  constructor(
    config: AuthConfig,
    private readonly apiKeys: ApiKeysRepository,
    private readonly authentication: AuthenticationService,
  ) {
    this.#pepper = config.apiKeyPepper;
  }

  /** A key never allows more than the credential it was made with. */
  create(principal: Principal, wishes: ApiKeyWishes): Promise<IssuedApiKey> {
    assertMayManage(principal);
    const excess = wishes.scopes?.filter((scope) => !principal.scopes.includes(scope)) ?? [];
    if (excess.length > 0)
      throw new DomainError('insufficient_scope', `Your credentials lack the scope ${excess.join(', ')}.`, {
        param: 'scopes',
      });
    if (wishes.expiresAt && wishes.expiresAt.getTime() <= Date.now())
      throw new DomainError('invalid_request', 'expires_at must be in the future.', { param: 'expires_at' });
    return this.issue(principal.tenant, wishes);
  }

  async issue(tenant: TenantContext, wishes: ApiKeyWishes): Promise<IssuedApiKey> {
    const { row, secret } = this.draw(wishes);
    return { key: await this.apiKeys.create(tenant, row), secret };
  }

  /** A new key that nobody has stored yet. */
  draw({ name, scopes = USE_SCOPES, expiresAt = null }: ApiKeyWishes): { row: NewApiKey; secret: string } {
    const secret = createApiKeySecret();
    const secretHash = hashApiKeySecret(secret, this.#pepper);
    const prefix = visiblePrefix(secret);
    return { row: { id: uuidv7(), name, prefix, secretHash, scopes: [...scopes], expiresAt }, secret };
  }

  list(principal: Principal, page: PageRequest): Promise<Page<ApiKeyEntity>> {
    assertMayManage(principal);
    return this.apiKeys.list(principal.tenant, page);
  }

  /** @throws DomainError `not_found` when there is no such key, or it is revoked already */
  async revoke(principal: Principal, id: string): Promise<void> {
    assertMayManage(principal);
    const isRevoked = await this.apiKeys.revoke(principal.tenant, id);
    this.authentication.forgetApiKey(id);
    if (!isRevoked) throw DomainError.notFound('API key', 'api_key_id');
  }
}

/** A leaked key must not be able to make another that outlives it. */
function assertMayManage({ apiKeyId, scopes }: Principal): void {
  if (apiKeyId === null || scopes.includes('admin')) return;
  throw new DomainError('insufficient_scope', 'Sign in to manage API keys, or use a key with the scope admin.');
}
