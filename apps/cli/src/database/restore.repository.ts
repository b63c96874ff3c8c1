import { ensureRoleSql } from '@parley/persistence';
import { type Connection } from './connection.repository.js';

export interface TargetState {
  serverVersion: string;
  /** Tables that are there already, of anybody. */
  tables: number;
  /** Apps of Parley that are connected. */
  connectedApps: number;
}

export async function inspectTarget(connection: Connection): Promise<TargetState> {
  const [state] = await connection.query<TargetState>(
    `select current_setting('server_version') as "serverVersion",
       (select count(*)::int from pg_class c join pg_namespace n on n.oid = c.relnamespace
         where c.relkind in ('r', 'p') and n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast')
           and not exists (select from pg_depend d where d.objid = c.oid and d.deptype = 'e')) as tables,
       (select count(*)::int from pg_stat_activity
         where datname = current_database() and application_name like 'parley\\_%') as "connectedApps"`,
  );
  return state!;
}

/** Everything of Parley goes; what else is in the database stays. */
export async function dropParley(connection: Connection): Promise<void> {
  await connection.query('drop schema if exists identity, chat, memory cascade');
  await connection.query('drop table if exists public.parley_migrations');
}

/** What a dump takes for granted: the extension, and roles, which belong to the whole server. */
export async function prepareTarget(connection: Connection, roles: readonly string[]): Promise<void> {
  await connection.query('create extension if not exists vector');
  for (const role of roles) await connection.query(ensureRoleSql(role));
}
