import { createHash, randomBytes } from 'node:crypto';
import pg from 'pg';
import { queryPostgres } from './services/postgres-client.js';
import { testServices } from './test-services.js';

export interface TestDatabase {
  /** As the superuser. */
  url: string;
  /** Drops the database, ending connections that are still open. */
  drop(): Promise<void>;
}

export interface TestDatabaseOptions {
  /** Fills an empty database, for example `migrate` of @parley/persistence. It must close its connections. */
  prepare?: (url: string) => Promise<unknown>;
  /**
   * Name for what `prepare` makes. Given one, `prepare` runs once per test run and every further database is a copy
   * of its result (some 50 ms).
   */
  template?: string;
  /** A superuser on the server; default: that of the test services. */
  serverUrl?: string;
}

/** Part of the name of every database of one test run; set by Jest's global set-up. */
export const RUN_VARIABLE = 'TEST_RUN_ID';

/** One at a time per server: migrations create roles, and those belong to the whole server. */
const PREPARATION_LOCK = 7_026_517;

/** A database of the spec's own on the real server, which the spec drops when it is done. */
export async function createTestDatabase(options: TestDatabaseOptions = {}): Promise<TestDatabase> {
  const { prepare, template, serverUrl: databaseUrl = testServices().databaseUrl } = options;
  const runId = process.env[RUN_VARIABLE] ?? 'none';
  const name = `test_${runId}_${randomBytes(6).toString('hex')}`;
  if (prepare && template) {
    const source = `template_${runId}_${createHash('sha256').update(template).digest('hex').slice(0, 12)}`;
    await ensureTemplate(databaseUrl, source, prepare);
    await queryPostgres(databaseUrl, `create database ${name} template ${source}`);
  } else {
    await queryPostgres(databaseUrl, `create database ${name}`);
    if (prepare) await withPreparationLock(databaseUrl, () => prepare(withDatabase(databaseUrl, name)));
  }
  return {
    url: withDatabase(databaseUrl, name),
    drop: async () => void (await queryPostgres(databaseUrl, `drop database if exists ${name} with (force)`)),
  };
}

/** Drops what specs of a run left behind, and the run's templates. */
export async function dropTestDatabases(runId: string): Promise<void> {
  const { databaseUrl } = testServices();
  const names = await queryPostgres<{ datname: string }>(
    databaseUrl,
    `select datname from pg_database where datname ~ ('^(test|template)_' || $1 || '_')`,
    [runId],
  );
  for (const { datname } of names) await queryPostgres(databaseUrl, `drop database if exists ${datname} with (force)`);
}

async function ensureTemplate(
  databaseUrl: string,
  name: string,
  prepare: (url: string) => Promise<unknown>,
): Promise<void> {
  await withPreparationLock(databaseUrl, async (lock) => {
    const { rowCount } = await lock.query('select from pg_database where datname = $1', [name]);
    if (rowCount) return;
    // Under another name until it is complete: a preparation that was killed half-way must not become a template.
    const draft = `${name}_draft`;
    await lock.query(`drop database if exists ${draft} with (force)`);
    await lock.query(`create database ${draft}`);
    await prepare(withDatabase(databaseUrl, draft));
    await lock.query(`alter database ${draft} rename to ${name}`);
  });
}

async function withPreparationLock(databaseUrl: string, work: (lock: pg.Client) => Promise<unknown>): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl, connectionTimeoutMillis: 5_000 });
  await client.connect();
  try {
    await client.query(`set lock_timeout = '120s'`);
    await client.query('select pg_advisory_lock($1)', [PREPARATION_LOCK]);
    await work(client);
  } finally {
    await client.end();
  }
}

function withDatabase(url: string, database: string): string {
  const changed = new URL(url);
  changed.pathname = `/${database}`;
  return changed.href;
}
