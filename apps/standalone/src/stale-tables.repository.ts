import pg from 'pg';

const CONNECT_TIMEOUT_MS = 10_000;
/** By the client: the embedded server ends no statement by itself. */
const STATEMENT_TIMEOUT_MS = 60_000;

/**
 * With the thresholds of autovacuum. Tables beyond 64 MB are only analyzed: cleaning their indexes would stop everybody for
 * long, and who has that much is better off with a server.
 */
const STALE_TABLES = `
  select format('%I.%I', schemaname, relname) as name,
    n_dead_tup > 50 + 0.2 * n_live_tup and pg_table_size(relid) < 64 * 1024 * 1024 as "hasDeadRows"
  from pg_stat_user_tables
  where n_dead_tup > 50 + 0.2 * n_live_tup or n_mod_since_analyze > 50 + 0.1 * n_live_tup
  order by 1`;

/**
 * Cleans and analyzes the tables that have changed much.
 * @param url of a server without autovacuum
 * @returns their names
 */
export async function tendStaleTables(url: string): Promise<string[]> {
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    query_timeout: STATEMENT_TIMEOUT_MS,
  });
  client.on('error', () => undefined);
  try {
    await client.connect();
    // The only backend never idles long enough to tell by itself what it changed.
    await client.query('select pg_stat_force_next_flush()');
    const { rows } = await client.query<{ name: string; hasDeadRows: boolean }>(STALE_TABLES);
    for (const { name, hasDeadRows } of rows) {
      await client.query(`${hasDeadRows ? 'vacuum (analyze)' : 'analyze'} ${name}`);
    }
    return rows.map(({ name }) => name);
  } finally {
    await client.end().catch(() => undefined);
  }
}
