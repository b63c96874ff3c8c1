import pg from 'pg';

/** V8 compiles what is called often, and a service runs longer than that. */
export const WARM_UP_RUNS = 2_000;

/** What autovacuum does within a minute of an installation's first load: until then nothing is known of the tables. */
export async function analyze(databaseUrl: string): Promise<void> {
  const sql = new pg.Client({ connectionString: databaseUrl });
  await sql.connect();
  await sql.query('vacuum analyze');
  await sql.end();
}
