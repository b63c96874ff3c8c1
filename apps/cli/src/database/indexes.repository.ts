import { type Connection } from './connection.repository.js';

export interface IndexState {
  /** `schema.name` */
  name: string;
  table: string;
  method: 'btree' | 'gin' | 'hnsw' | string;
  /** False after a build that was cut short: it is kept up to date and never used. */
  isValid: boolean;
  bytes: number;
}

const OURS = `('identity', 'chat', 'memory')`;

/** Every index of the suite; of a partitioned one its parts, which hold the data. */
export function listIndexes(connection: Connection): Promise<IndexState[]> {
  return connection.query<IndexState>(
    `select n.nspname || '.' || i.relname as name, t.relname as "table", a.amname as method,
       x.indisvalid and x.indisready as "isValid", pg_relation_size(i.oid)::float8 as bytes
     from pg_index x
     join pg_class i on i.oid = x.indexrelid
     join pg_class t on t.oid = x.indrelid
     join pg_namespace n on n.oid = i.relnamespace
     join pg_am a on a.oid = i.relam
     where n.nspname in ${OURS} order by 1`,
  );
}

/** Embedding spaces, and parts of them, whose vectors no valid index covers: a search there compares them all. */
export async function spacesWithoutIndex(connection: Connection): Promise<string[]> {
  await connection.query('set role parley_owner');
  const rows = await connection.query<{ name: string }>(
    `select 'memory.' || part.relname as name
     from memory.embedding_spaces s
     join pg_class parent on parent.relname = s.table_name and parent.relnamespace = 'memory'::regnamespace
     join pg_inherits h on h.inhparent = parent.oid
     join pg_class part on part.oid = h.inhrelid
     where s.state <> 'retired' and not exists (
       select from pg_index x join pg_class i on i.oid = x.indexrelid join pg_am a on a.oid = i.relam
       where x.indrelid = part.oid and x.indisvalid and a.amname = 'hnsw')
     order by 1`,
  );
  await connection.query('reset role');
  return rows.map(({ name }) => name);
}

/** Builds it anew beside the old one, which serves until then. Cut short, it leaves an invalid one that nobody uses. */
export async function rebuildIndex(connection: Connection, name: string): Promise<void> {
  await connection.query('set role parley_owner');
  await connection.query(`reindex index concurrently ${name}`);
}

/** What builds that were cut short have left behind. */
export async function dropLeftovers(connection: Connection): Promise<string[]> {
  const leftovers = (await listIndexes(connection)).filter(({ name, isValid }) => !isValid && /_ccnew\d*$/.test(name));
  await connection.query('set role parley_owner');
  for (const { name } of leftovers) await connection.query(`drop index concurrently if exists ${name}`);
  return leftovers.map(({ name }) => name);
}
