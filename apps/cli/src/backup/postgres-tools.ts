import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { promisify } from 'node:util';
import { CliError } from '../cli-error.js';
import { EXIT } from '../exit-code.js';

const VERSION_TIMEOUT_MS = 10_000;
const MAX_COMPLAINT = 4_000;
const run = promisify(execFile);

export type Tool = 'pg_dump' | 'pg_restore' | 'psql';

/**
 * Refuses a tool that is not there or older than the server: it would not work, and says so less clearly.
 * @throws CliError `usage`
 */
export async function requireTool(tool: Tool, serverVersion: string): Promise<void> {
  const options = { env: process.env, timeout: VERSION_TIMEOUT_MS };
  const { stdout } = await run(tool, ['--version'], options).catch((error: unknown) => {
    throw new CliError(
      EXIT.usage,
      `${tool} is not installed here.`,
      'apt install postgresql-client, or use the image parley/cli, which has it.',
      { cause: error },
    );
  });
  const version = /\d+(\.\d+)*/.exec(stdout)?.[0] ?? '';
  if (Number.parseInt(version, 10) >= Number.parseInt(serverVersion, 10)) return;
  throw new CliError(
    EXIT.usage,
    `${tool} ${version} is older than the server, which is PostgreSQL ${serverVersion}.`,
    `Install postgresql-client-${Number.parseInt(serverVersion, 10)}.`,
  );
}

export interface RunningTool {
  child: ChildProcess;
  /** Rejects with what the tool complained of. */
  ended: Promise<void>;
}

/** Runs a tool on a database. The password goes through the environment: the arguments of a process are seen by everybody. */
export function startTool(tool: Tool, args: string[], databaseUrl: string | null, signal: AbortSignal): RunningTool {
  const url = databaseUrl === null ? null : new URL(databaseUrl);
  const password = url?.password ? { PGPASSWORD: decodeURIComponent(url.password) } : {};
  if (url) url.password = '';
  const child = spawn(tool, [...args, ...(url ? ['--no-password', `--dbname=${url.href}`] : [])], {
    env: { ...process.env, ...password, PGCONNECT_TIMEOUT: '10' },
    stdio: ['pipe', 'pipe', 'pipe'],
    signal,
  });
  // It may stop reading before everything is written, when it has failed or has seen enough.
  child.stdin.on('error', () => undefined);
  let complaint = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (complaint = (complaint + text).slice(-MAX_COMPLAINT)));
  const ended = once(child, 'close').then(([code]) => {
    signal.throwIfAborted();
    if (code !== 0) throw new CliError(EXIT.failed, `${tool} failed: ${complaint.trim() || `exit code ${code}`}`);
  });
  // Whoever awaits it hears of it; until then it must not end the process.
  ended.catch(() => undefined);
  return { child, ended };
}
