import { type Environment, DatabaseConfig, loadConfig } from '@parley/config';
import { isConnectionFailure } from '@parley/persistence';
import pg from 'pg';
import { CliError } from '../cli-error.js';
import { EXIT } from '../exit-code.js';

const CONNECT_TIMEOUT_MS = 10_000;
/** A command takes as long as it takes; what waits for somebody else does not. */
const SESSION = `set statement_timeout = 0; set idle_in_transaction_session_timeout = 0; set idle_session_timeout = 0;
  set lock_timeout = '30s'`;
const NO_SUCH_DATABASE = '3D000';
const WRONG_LOGIN = new Set(['28P01', '28000']);

/** `pg` as far as commands use it. */
export interface Connection {
  query<Row>(sql: string, parameters?: unknown[]): Promise<Row[]>;
}

/** @throws ConfigError */
export function databaseUrl(environment: Environment): string {
  return loadConfig({ database: DatabaseConfig }, environment).database.databaseUrl;
}

/**
 * One connection for one command, as the login that the URL names and without a limit of time: rebuilding an index takes
 * as long as it takes. Closed at the end, and when the signal is aborted.
 * @throws CliError `unreachable`, or `usage` when the login or the database is wrong
 */
export async function withConnection<T>(
  url: string,
  work: (connection: Connection) => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    application_name: 'parley',
    keepAlive: true,
  });
  // What breaks off between two statements is told by the next one.
  client.on('error', () => undefined);
  const stop = () => void client.end();
  const explain = (error: unknown): never => {
    signal?.throwIfAborted();
    throw explained(error, url);
  };
  try {
    await client.connect().catch(explain);
    signal?.addEventListener('abort', stop);
    await client.query(SESSION).catch(explain);
    return await work({
      query: async <Row>(sql: string, parameters?: unknown[]) =>
        (await client.query(sql, parameters).catch(explain)).rows as Row[],
    });
  } finally {
    signal?.removeEventListener('abort', stop);
    await client.end().catch(() => undefined);
  }
}

function explained(error: unknown, url: string): unknown {
  const { host, pathname, username } = new URL(url);
  const { code, message } = error as { code?: string; message: string };
  if (code === NO_SUCH_DATABASE)
    return new CliError(EXIT.usage, `There is no database ${pathname.slice(1)} on ${host}.`, 'createdb makes it.');
  if (code !== undefined && WRONG_LOGIN.has(code))
    return new CliError(EXIT.usage, `${host} refuses the login ${username}: ${message}`, 'Is DATABASE_URL right?');
  if (!isConnectionFailure(error)) return error;
  const reason = message || (error as AggregateError).errors?.map(({ message: inner }: Error) => inner).join(', ');
  return new CliError(EXIT.unreachable, `The database at ${host} cannot be reached: ${reason}`, null, { cause: error });
}
