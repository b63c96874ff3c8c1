import { DataSource } from 'typeorm';
import { MIGRATIONS } from './migrations/index.js';

/** Concurrent migration runs wait for each other. */
const LOCK_KEY = 7_275_390;

export interface MigrationReport {
  /** Names of the migrations that this run applied, in order. */
  applied: string[];
}

/**
 * Brings the database to the newest schema; each migration is one transaction. Running it twice changes nothing.
 * @param url of a login that may create roles, schemas and the `vector` extension
 */
export async function migrate(url: string): Promise<MigrationReport> {
  const dataSource = new DataSource({
    type: 'postgres',
    url,
    migrations: MIGRATIONS,
    migrationsTableName: 'parley_migrations',
    migrationsTransactionMode: 'each',
    installExtensions: false,
    poolSize: 2,
    connectTimeoutMS: 10_000,
  });
  await dataSource.initialize();
  const lock = dataSource.createQueryRunner();
  try {
    await lock.query('select pg_advisory_lock($1)', [LOCK_KEY]);
    const applied = await dataSource.runMigrations();
    return { applied: applied.map((migration) => migration.name) };
  } finally {
    await lock.query('select pg_advisory_unlock($1)', [LOCK_KEY]);
    await lock.release();
    await dataSource.destroy();
  }
}
