import { setTimeout as pause } from 'node:timers/promises';
import { DataSource, type QueryRunner } from 'typeorm';
import { MIGRATIONS } from './migrations/index.js';
import { ROLES, ensureRoleSql } from './roles.js';

/** Concurrent migration runs wait for each other. */
const LOCK_KEY = 7_275_390;
const LOCK_POLL_MS = 250;
const LOCK_NOT_AVAILABLE = '55P03';
const MAX_PAUSE_MS = 10_000;
const TABLE = 'parley_migrations';

export interface MigrateOptions {
  /**
   * How long a statement waits for a table that is in use. Whoever comes behind a statement that waits for an exclusive lock
   * waits as well, so it gives up soon and is tried again.
   */
  lockTimeoutMs?: number;
  /** How often a migration is tried that found its tables in use, with a growing pause between. */
  attempts?: number;
  /** How long another run of the migrations is waited for. */
  waitMs?: number;
}

export interface MigrationReport {
  /** Names of the migrations that this run applied, in order. */
  applied: string[];
}

/** Names of all migrations that this version knows, in order. */
export const MIGRATION_NAMES: readonly string[] = MIGRATIONS.map((Migration) => new Migration().name);

/**
 * Brings the database to the newest schema; each migration is one transaction, but for those that build an index beside the
 * writers of its table. Running it twice changes nothing.
 * @param url of a login that may create roles, schemas and the `vector` extension
 */
export function migrate(url: string, options: MigrateOptions = {}): Promise<MigrationReport> {
  const { lockTimeoutMs = 3_000, attempts = 10, waitMs = 600_000 } = options;
  const work = async (dataSource: DataSource) => {
    const lock = dataSource.createQueryRunner();
    try {
      await acquire(lock, waitMs);
      for (const role of ROLES) await lock.query(ensureRoleSql(role));
      const applied = await pendingIn(dataSource);
      await runMigrations(dataSource, attempts);
      return { applied };
    } finally {
      await lock.query('select pg_advisory_unlock($1)', [LOCK_KEY]).catch(() => undefined);
      await lock.release();
    }
  };
  return withDataSource(url, work, { lock_timeout: lockTimeoutMs });
}

/** Names of the migrations that `migrate` would apply. Changes nothing. */
export function pendingMigrations(url: string): Promise<string[]> {
  return withDataSource(url, pendingIn);
}

async function pendingIn(dataSource: DataSource): Promise<string[]> {
  const [table] = await dataSource.query<{ name: string | null }[]>(`select to_regclass('${TABLE}') as name`);
  if (table!.name === null) return [...MIGRATION_NAMES];
  const applied = await dataSource.query<{ name: string }[]>(`select name from ${TABLE}`);
  const names = new Set(applied.map(({ name }) => name));
  return MIGRATION_NAMES.filter((name) => !names.has(name));
}

/** Asks again and again: a statement that waits would be a transaction that the concurrent building of an index waits for. */
async function acquire(lock: QueryRunner, waitMs: number): Promise<void> {
  const deadline = performance.now() + waitMs;
  for (;;) {
    const [row] = (await lock.query('select pg_try_advisory_lock($1) as acquired', [LOCK_KEY])) as [
      { acquired: boolean },
    ];
    if (row.acquired) return;
    if (performance.now() > deadline) throw new Error('Another run of the migrations has not ended.');
    await pause(LOCK_POLL_MS);
  }
}

/** Migrations that were applied before one met a table in use stay applied: the next try begins with that one. */
async function runMigrations(dataSource: DataSource, attempts: number): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await dataSource.runMigrations();
      return;
    } catch (error) {
      if ((error as { code?: unknown }).code !== LOCK_NOT_AVAILABLE || attempt >= attempts) throw error;
      await pause(Math.min(MAX_PAUSE_MS, LOCK_POLL_MS * 2 ** attempt));
    }
  }
}

async function withDataSource<T>(
  url: string,
  work: (dataSource: DataSource) => Promise<T>,
  extra: { lock_timeout?: number } = {},
): Promise<T> {
  const dataSource = new DataSource({
    type: 'postgres',
    url,
    migrations: MIGRATIONS,
    migrationsTableName: TABLE,
    migrationsTransactionMode: 'each',
    installExtensions: false,
    poolSize: 2,
    connectTimeoutMS: 10_000,
    extra,
  });
  await dataSource.initialize();
  try {
    return await work(dataSource);
  } finally {
    await dataSource.destroy();
  }
}
