import { type ListedBlob } from '../backup/blob-list.js';
import { CliError } from '../cli-error.js';
import { EXIT } from '../exit-code.js';
import { type Connection, withConnection } from './connection.repository.js';

/** One backup of a database at a time: two would remove each other's files. */
const LOCK_KEY = 7_275_391;
const ROWS_PER_FETCH = 1_000;

export interface Snapshot {
  /** For other connections that shall see the same. */
  id: string;
  takenAt: Date;
  serverVersion: string;
  /** Name of the last migration. */
  migration: string;
  /** Roles that own or may do something in this database. */
  roles: string[];
  databaseBytes: number;
}

/**
 * A frozen view of the database, for as long as the work takes that needs it. Whoever cannot see all rows is refused: the
 * backup would look whole and have none.
 */
export function withSnapshot<T>(
  url: string,
  signal: AbortSignal,
  work: (connection: Connection, snapshot: Snapshot) => Promise<T>,
): Promise<T> {
  return withConnection(
    url,
    async (connection) => {
      const [lock] = await connection.query<{ taken: boolean }>('select pg_try_advisory_lock($1) as taken', [LOCK_KEY]);
      if (!lock!.taken) throw new CliError(EXIT.refused, 'Another backup of this database is running.');
      const [schema] = await connection.query<{ name: string | null }>(
        `select to_regclass('parley_migrations') as name`,
      );
      if (schema!.name === null) throw new CliError(EXIT.usage, 'This is no database of Parley.', 'parley migrate');
      await assertSeesAll(connection);
      await connection.query('begin isolation level repeatable read, read only');
      const [snapshot] = await connection.query<Snapshot>(SNAPSHOT);
      const roles = await connection.query<{ name: string }>(ROLES);
      return work(connection, { ...snapshot!, roles: roles.map(({ name }) => name) });
    },
    signal,
  );
}

const SNAPSHOT = `select pg_export_snapshot() as id, now() as "takenAt", current_setting('server_version') as "serverVersion",
  (select name from parley_migrations order by id desc limit 1) as migration,
  pg_database_size(current_database())::float8 as "databaseBytes"`;

const ROLES = `select distinct r.rolname as name from pg_roles r
  where not r.rolname like 'pg\\_%' and (
    exists (select from pg_shdepend d where d.refclassid = 'pg_authid'::regclass and d.refobjid = r.oid
      and d.dbid = (select oid from pg_database where datname = current_database()))
    or exists (select from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where c.relowner = r.oid and n.nspname in ('public', 'identity', 'chat', 'memory')))
  order by 1`;

async function assertSeesAll(connection: Connection): Promise<void> {
  const [login] = await connection.query<{ ok: boolean }>(
    `select rolsuper or rolbypassrls or pg_has_role(current_user, 'parley_owner', 'usage') as ok
     from pg_roles where rolname = current_user`,
  );
  if (login!.ok) return;
  const message = 'This login does not see the rows of all tenants: it must be a member of parley_owner.';
  throw new CliError(EXIT.usage, message, 'Take the DATABASE_URL that migrations run with.');
}

/** Rows of every table. */
export async function countRows(connection: Connection): Promise<Record<string, number>> {
  const tables = await connection.query<{ name: string }>(
    `select format('%I.%I', n.nspname, c.relname) as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where c.relkind = 'r' and n.nspname in ('identity', 'chat', 'memory') order by 1`,
  );
  const counts: Record<string, number> = {};
  for (const { name } of tables) {
    const [row] = await connection.query<{ rows: string }>(`select count(*) as rows from ${name}`);
    counts[name] = Number(row!.rows);
  }
  return counts;
}

/** Originals that files name, and those that pages under way have fetched; ordered by key. */
const BLOBS = `
  select blob_key as key, max(bytes)::float8 as bytes, min(sha256) as sha256 from (
    select blob_key collate "C" as blob_key, bytes, sha256 from memory.files where source_url is null or bytes > 0
    union all
    select (fetched ->> 'blobKey') collate "C", (fetched ->> 'bytes')::bigint, fetched ->> 'sha256' from memory.web_pages
      where fetched is not null and not exists (select from memory.files f where f.blob_key = fetched ->> 'blobKey')
  ) listed group by blob_key order by blob_key`;

export async function* listBlobs(connection: Connection): AsyncGenerator<ListedBlob, void, undefined> {
  await connection.query(`declare originals cursor for ${BLOBS}`);
  let page: ListedBlob[];
  do {
    page = await connection.query<ListedBlob>(`fetch ${ROWS_PER_FETCH} from originals`);
    yield* page;
  } while (page.length === ROWS_PER_FETCH);
  await connection.query('close originals');
}

/** Whether a file still names the original: a moment ago, and not in the snapshot. */
export async function isNamed(connection: Connection, key: string): Promise<boolean> {
  const [row] = await connection.query<{ named: boolean }>(
    'select exists (select from memory.files where blob_key = $1) as named',
    [key],
  );
  return row!.named;
}
