export const PERSISTENCE_OPTIONS = Symbol('PERSISTENCE_OPTIONS');

/** One role per app; `parley_owner` owns the tables and runs nothing. */
export const APP_ROLES = ['parley_gateway', 'parley_chat', 'parley_memory', 'parley_worker'] as const;
export type AppRole = (typeof APP_ROLES)[number];

/** The app that has a role, as metrics name it. */
export function appOf(role: AppRole): string {
  return role === 'parley_worker' ? 'ingestion-worker' : role.replace('parley_', '');
}

export interface PersistenceOptions {
  /** postgres://… of a login that is a member of `role`. */
  url: string;
  /** Taken by every transaction, so that a login with more rights than the app needs does not use them. */
  role: AppRole;
  /** Schema of the entities. */
  schema: string;
  entities: (new () => object)[];
  poolSize: number;
  statementTimeoutMs: number;
}
