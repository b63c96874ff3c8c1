import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { chmod, chown, cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { eventually, findBinaries, queryPostgres, serverAccount } from '@parley/testing';
import { freePort } from '../e2e/support/app-process.js';

const PASSWORD = 'drill';
const MAX_LOG_CHARACTERS = 2_000;
const COMMAND_TIMEOUT_MS = 120_000;
const RECOVERED_WITHIN_MS = 120_000;
const run = promisify(execFile);

/** A PostgreSQL that archives its write-ahead log, so that a copy of it can be brought to any moment. */
export class ArchivedPostgres {
  readonly #programs: string;
  readonly #root: string;
  readonly #data: string;
  #port = 0;
  #process: ChildProcess | undefined;

  private constructor(programs: string, root: string, data: string) {
    this.#programs = programs;
    this.#root = root;
    this.#data = data;
  }

  static async create(): Promise<ArchivedPostgres> {
    const { postgresFolder } = await findBinaries();
    if (!postgresFolder) throw new Error('PostgreSQL is not installed here; the drill starts servers of its own');
    const root = await mkdtemp(join(tmpdir(), 'parley-archived-'));
    await chmod(root, 0o755);
    const server = new ArchivedPostgres(postgresFolder, root, join(root, 'data'));
    for (const folder of ['data', 'archive', 'base']) await server.#ownFolder(join(root, folder));
    const passwordFile = join(root, 'password');
    await writeFile(passwordFile, PASSWORD, { mode: 0o644 });
    const options = ['--username=postgres', `--pwfile=${passwordFile}`, '--auth=scram-sha-256', '--locale=C.UTF-8'];
    await server.#program('initdb', ['-D', server.#data, '--encoding=UTF8', ...options]);
    return server;
  }

  get #log(): string {
    return `${this.#data}.log`;
  }

  get #hasEnded(): boolean {
    const child = this.#process;
    return !child || child.exitCode !== null || child.signalCode !== null;
  }

  get url(): string {
    return `postgres://postgres:${PASSWORD}@127.0.0.1:${this.#port}/parley`;
  }

  async start(settings: Record<string, string> = this.#archiving()): Promise<void> {
    this.#port = await freePort();
    const all = { listen_addresses: '127.0.0.1', unix_socket_directories: '', timezone: 'UTC', ...settings };
    const args = Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    const log = openSync(this.#log, 'a');
    this.#process = spawn(join(this.#programs, 'postgres'), ['-D', this.#data, '-p', String(this.#port), ...args], {
      cwd: this.#root,
      stdio: ['ignore', log, log],
      ...serverAccount,
    });
    closeSync(log);
  }

  /** When it takes writes: after a recovery, once that is done. */
  async ready(database = 'postgres'): Promise<void> {
    await eventually(
      async () => {
        if (this.#hasEnded) return;
        const [row] = await this.#query<{ recovering: boolean }>('select pg_is_in_recovery() as recovering', database);
        if (row!.recovering) throw new Error('still recovering');
      },
      { timeoutMs: RECOVERED_WITHIN_MS, intervalMs: 100 },
    );
    if (this.#hasEnded)
      throw new Error(`PostgreSQL has ended:\n${readFileSync(this.#log, 'utf8').slice(-MAX_LOG_CHARACTERS)}`);
  }

  createDatabase(): Promise<unknown> {
    return this.#query('create database parley', 'postgres');
  }

  /** What every recovery begins with. */
  async baseBackup(): Promise<void> {
    await this.#program('pg_basebackup', [
      '-D',
      join(this.#root, 'base'),
      '-d',
      this.#urlOf('postgres'),
      '--checkpoint=fast',
    ]);
  }

  /** The last of the log is in the archive, as it would be within archive_timeout. */
  async archiveAll(): Promise<void> {
    const [before] = await this.#query<{ file: string }>('select pg_walfile_name(pg_switch_wal()) as file');
    await eventually(async () => {
      const [state] = await this.#query<{ last: string | null }>(
        'select last_archived_wal as last from pg_stat_archiver',
      );
      if ((state!.last ?? '') < before!.file) throw new Error('not archived yet');
    });
  }

  /** Power off, and the disk is gone. Archive and base backup are elsewhere. */
  async destroy(): Promise<void> {
    await this.#end('SIGQUIT');
    await rm(this.#data, { recursive: true, force: true });
  }

  /** Another server, at that moment. */
  async recover(moment: Date, name: string): Promise<ArchivedPostgres> {
    const data = join(this.#root, name);
    await cp(join(this.#root, 'base'), data, { recursive: true, preserveTimestamps: true });
    await chmod(data, 0o700);
    await writeFile(join(data, 'recovery.signal'), '');
    const server = new ArchivedPostgres(this.#programs, this.#root, data);
    if (serverAccount.uid !== undefined) await run('chown', ['-R', `${serverAccount.uid}:${serverAccount.gid}`, data]);
    await server.start({
      archive_mode: 'off',
      restore_command: `cp ${join(this.#root, 'archive')}/%f %p`,
      // At this point of its start it knows offsets, and no names of time zones such as Z.
      recovery_target_time: moment.toISOString().replace('Z', '+00'),
      recovery_target_action: 'promote',
    });
    await server.ready('parley');
    return server;
  }

  stop(): Promise<void> {
    return this.#end('SIGINT');
  }

  async remove(): Promise<void> {
    await this.#end('SIGQUIT');
    await rm(this.#root, { recursive: true, force: true });
  }

  #archiving(): Record<string, string> {
    const archive = join(this.#root, 'archive');
    return {
      archive_mode: 'on',
      archive_command: `test ! -f ${archive}/%f && cp %p ${archive}/%f`,
      max_connections: '100',
    };
  }

  #urlOf(database: string): string {
    return this.url.replace(/parley$/, database);
  }

  #query<Row extends object>(sql: string, database = 'parley'): Promise<Row[]> {
    return queryPostgres<Row>(this.#urlOf(database), sql);
  }

  async #program(name: string, args: string[]): Promise<void> {
    await run(join(this.#programs, name), args, { cwd: this.#root, timeout: COMMAND_TIMEOUT_MS, ...serverAccount });
  }

  async #ownFolder(folder: string): Promise<void> {
    await mkdir(folder, { mode: 0o700 });
    if (serverAccount.uid !== undefined) await chown(folder, serverAccount.uid, serverAccount.gid);
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    if (this.#hasEnded) return;
    const child = this.#process!;
    const exited = once(child, 'exit');
    child.kill(signal);
    await exited;
  }
}
