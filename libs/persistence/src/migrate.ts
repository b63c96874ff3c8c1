import { DataSource } from 'typeorm';
import { MIGRATIONS } from './migrations/index.js';

/** Concurrent migration runs wait for each other. */
const LOCK_KEY = 7_275_390;
const TABLE = 'parley_migrations';

export interface MigrationReport {
  /** Names of the migrations that this run applied, in order. */
  applied: string[];
}

/** Names of all migrations that this version knows, in order. */
export const MIGRATION_NAMES: readonly string[] = MIGRATIONS.map((Migration) => new Migration().name);

/**
 * Brings the database to the newest schema; each migration is one transaction. Running it twice changes nothing.
 * @param url of a login that may create roles, schemas and the `vector` extension
 */
export function migrate(url: string): Promise<MigrationReport> {
  return withDataSource(url, async (dataSource) => {
    const lock = dataSource.createQueryRunner();
    try {
      await lock.query('select pg_advisory_lock($1)', [LOCK_KEY]);
      const applied = await dataSource.runMigrations();
      return { applied: applied.map((migration) => migration.name) };
    } finally {
      await lock.query('select pg_advisory_unlock($1)', [LOCK_KEY]);
      await lock.release();
    }
  });
}

/** Names of the migrations that `migrate` would apply. Changes nothing. */
export function pendingMigrations(url: string): Promise<string[]> {
  return withDataSource(url, async (dataSource) => {
    const [table] = await dataSource.query<{ name: string | null }[]>(`select to_regclass('${TABLE}') as name`);
    if (table!.name === null) return [...MIGRATION_NAMES];
    const applied = await dataSource.query<{ name: string }[]>(`select name from ${TABLE}`);
    const names = new Set(applied.map(({ name }) => name));
    return MIGRATION_NAMES.filter((name) => !names.has(name));
  });
}

async function withDataSource<T>(url: string, work: (dataSource: DataSource) => Promise<T>): Promise<T> {
  const dataSource = new DataSource({
    type: 'postgres',
    url,
    migrations: MIGRATIONS,
    migrationsTableName: TABLE,
    migrationsTransactionMode: 'each',
    installExtensions: false,
    poolSize: 2,
    connectTimeoutMS: 10_000,
  });
  await dataSource.initialize();
  try {
    return await work(dataSource);
  } finally {
    await dataSource.destroy();
  }
}
