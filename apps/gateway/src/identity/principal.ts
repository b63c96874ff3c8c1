import { DomainError, type TenantContext } from '@parley/contracts';
import { type Scope } from './scopes.js';

/** Who a request was authenticated as, and what the credential allows. */
export interface Principal {
  readonly tenant: TenantContext;
  readonly email: string;
  readonly scopes: readonly Scope[];
  /** The API key's id; null for an access token. */
  readonly apiKeyId: string | null;
  /** An admin of the tenant that the suite was set up with: may create tenants. */
  readonly isPlatformAdmin: boolean;
}

/** @throws DomainError `insufficient_scope` */
export function assertPlatformAdmin({ isPlatformAdmin }: Principal): void {
  if (!isPlatformAdmin)
    throw new DomainError('insufficient_scope', 'Only administrators of the first tenant may do this.');
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Set by the authentication guard on every route that is not public. */
    principal?: Principal;
  }
}
