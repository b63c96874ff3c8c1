import { type Role } from '@parley/contracts';

/** What a credential may be used for. Closed: a route cannot ask for a scope that no key can have. */
export const SCOPES = [
  'files:read',
  'files:write',
  'knowledge:read',
  'knowledge:write',
  'chat:read',
  'chat:write',
  'assistants:read',
  'assistants:write',
  'models:read',
  'embeddings:write',
  'admin',
] as const;

export type Scope = (typeof SCOPES)[number];

/** Everything but administration: what a member may do, and what a new API key may do unless it says otherwise. */
export const USE_SCOPES: readonly Scope[] = SCOPES.filter((scope) => scope !== 'admin');

/** The most a user of that role may do, and so the most that the user's API keys may do. */
export function scopesOfRole(role: Role): readonly Scope[] {
  return role === 'admin' ? SCOPES : USE_SCOPES;
}

/** The scopes that both the key and its owner's present role allow. */
export function effectiveScopes(granted: readonly string[], role: Role): Scope[] {
  return scopesOfRole(role).filter((scope) => granted.includes(scope));
}
