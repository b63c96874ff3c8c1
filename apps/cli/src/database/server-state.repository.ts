import { APP_ROLES } from '@parley/persistence';
import { type Connection } from './connection.repository.js';

export interface ServerState {
  version: string;
  /** Null when this database does not have it. */
  pgvector: string | null;
  /** Roles that the login may not take. */
  missingRoles: string[];
  connections: number;
  maxConnections: number;
  /** Age of what is due for the longest; null when nothing is, or before the first migration. */
  outboxSeconds: number | null;
  /** Null before the first migration. */
  deadLetters: number | null;
}

export async function readServerState(connection: Connection): Promise<ServerState> {
  const [server] = await connection.query<Omit<ServerState, 'missingRoles' | 'outboxSeconds' | 'deadLetters'>>(
    `select current_setting('server_version') as version,
       (select extversion from pg_extension where extname = 'vector') as pgvector,
       (select count(*)::int from pg_stat_activity where backend_type = 'client backend') as connections,
       current_setting('max_connections')::int as "maxConnections"`,
  );
  const roles = await connection.query<{ name: string }>(
    `select name from unnest($1::text[]) as r(name)
     where not exists (select from pg_roles p where p.rolname = r.name and pg_has_role(current_user, p.oid, 'member'))`,
    [[...APP_ROLES, 'parley_owner']],
  );
  return { ...server!, missingRoles: roles.map(({ name }) => name), ...(await workOf(connection)) };
}

async function workOf(connection: Connection): Promise<Pick<ServerState, 'outboxSeconds' | 'deadLetters'>> {
  const [found] = await connection.query<{ name: string | null }>(
    `select to_regclass('memory.ingestion_jobs') as name`,
  );
  if (found!.name === null) return { outboxSeconds: null, deadLetters: null };
  await connection.query('begin; set local role parley_owner');
  const [row] = await connection.query<{ seconds: number | null; dead: number }>(
    `select (select extract(epoch from now() - min(due_at))::float8 from memory.outbox where sent_at is null and due_at < now())
       as seconds, (select count(*)::int from memory.ingestion_jobs where dead_lettered_at is not null) as dead`,
  );
  await connection.query('commit');
  return { outboxSeconds: row!.seconds, deadLetters: row!.dead };
}
