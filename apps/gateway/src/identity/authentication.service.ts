import { type KeyObject } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { DomainError, TenantContext } from '@parley/contracts';
import { cacheAsked } from '@parley/observability';
import { hashApiKeySecret, isApiKeySecret } from './api-key-secret.js';
import { AuthConfig } from './auth.config.js';
import { CredentialsRepository, type PrincipalRow } from './credentials.repository.js';
import { ExpiringCache } from './expiring-cache.js';
import { type Principal } from './principal.js';
import { effectiveScopes, type Scope, scopesOfRole } from './scopes.js';

/** A key that was revoked, or a user who was disabled, through another pod is let in for at most this long. */
const CACHE_TTL_MS = 5_000;
const CACHE_MAX_ENTRIES = 10_000;

/** Credential → principal. The database is asked at most every few seconds per credential. */
@Injectable()
export class AuthenticationService {
  readonly #pepper: KeyObject;
  readonly #principals = new ExpiringCache<Principal>(CACHE_TTL_MS, CACHE_MAX_ENTRIES);

  constructor(
    config: AuthConfig,
    private readonly credentials: CredentialsRepository,
  ) {
    this.#pepper = config.apiKeyPepper;
  }

  /** @throws DomainError `invalid_credentials` when the key is unknown, expired or revoked, or its user disabled */
  async byApiKey(secret: string): Promise<Principal> {
    if (!isApiKeySecret(secret)) throw invalidCredentials();
    const hash = hashApiKeySecret(secret, this.#pepper);
    const cacheKey = `key:${hash.toString('base64')}`;
    const cached = this.#cached(cacheKey);
    if (cached) return cached;
    const row = await this.credentials.authenticateApiKey(hash);
    if (!row) throw invalidCredentials();
    const principal = principalOf(row, effectiveScopes(row.scopes, row.role), row.key_id);
    this.#principals.set(cacheKey, principal, row.expires_at?.getTime());
    return principal;
  }

  /** @throws DomainError `invalid_credentials` when the user is gone or disabled */
  async byUserId(userId: string): Promise<Principal> {
    const cacheKey = `user:${userId}`;
    const cached = this.#cached(cacheKey);
    if (cached) return cached;
    const row = await this.credentials.findPrincipal(userId);
    if (!row) throw invalidCredentials();
    const principal = principalOf(row, scopesOfRole(row.role), null);
    this.#principals.set(cacheKey, principal);
    return principal;
  }

  /** A revoked key stops working on this pod at once. */
  forgetApiKey(id: string): void {
    this.#principals.deleteWhere(({ apiKeyId }) => apiKeyId === id);
  }

  #cached(key: string): Principal | undefined {
    const principal = this.#principals.get(key);
    cacheAsked('credentials', principal !== undefined);
    return principal;
  }
}

function principalOf(row: PrincipalRow, scopes: readonly Scope[], apiKeyId: string | null): Principal {
  return Object.freeze({
    tenant: TenantContext.of({ tenantId: row.tenant_id, userId: row.user_id, role: row.role }),
    email: row.email,
    scopes,
    apiKeyId,
    isPlatformAdmin: row.is_platform && row.role === 'admin',
  });
}

export function invalidCredentials(): DomainError {
  return new DomainError('invalid_credentials', 'The credentials are not valid.');
}
