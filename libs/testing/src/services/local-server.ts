import { randomBytes } from 'node:crypto';
import { chown, mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { endProcessGroup, startDetached } from './detached-process.js';
import { discardInstance, saveInstance, type InstanceRecord, type Owner } from './instance-registry.js';
import { isAlive } from './process-identity.js';
import { waitUntilServing } from './readiness.js';
import type { Server, ServerEndpoints, ServerKind } from './server.js';

/** The account servers run under: Postgres refuses root, so root hands them to `nobody`. */
export type Account = { uid: number; gid: number } | Record<string, never>;

export const serverAccount: Account = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};

/** How one kind of server is run from binaries of this machine. */
export interface LocalRecipe {
  kind: ServerKind;
  endpoints: ServerEndpoints;
  /** Fills the empty data folder once. */
  prepare(directory: string): Promise<void>;
  command(directory: string): { file: string; args: string[]; env?: NodeJS.ProcessEnv };
  stopSignal: NodeJS.Signals;
  /** Ends it when the data are thrown away anyway. */
  discardSignal: NodeJS.Signals;
}

/** PostgreSQL does not start as long as a backend of a killed predecessor holds its memory. */
const RESTART_PATIENCE_MS = 30_000;
const BETWEEN_TRIES_MS = 250;

/** A server started from installed binaries, with a data folder of its own in the system's temporary folder. */
export class LocalServer implements Server {
  readonly kind: ServerKind;
  readonly endpoints: ServerEndpoints;
  private readonly recipe: LocalRecipe;
  private readonly owner: Owner;
  private record: InstanceRecord | null = null;

  constructor(recipe: LocalRecipe, owner: Owner) {
    this.recipe = recipe;
    this.owner = owner;
    this.kind = recipe.kind;
    this.endpoints = recipe.endpoints;
  }

  async start(): Promise<void> {
    if (this.record === null) return this.launch(await this.createInstance());
    const deadline = Date.now() + RESTART_PATIENCE_MS;
    for (;;) {
      try {
        return await this.launch(this.record);
      } catch (error) {
        if (Date.now() > deadline) throw error;
        await delay(BETWEEN_TRIES_MS);
      }
    }
  }

  stop(): Promise<void> {
    return this.end(this.recipe.stopSignal);
  }

  kill(): Promise<void> {
    return this.end('SIGKILL');
  }

  async remove(): Promise<void> {
    if (this.record) await discardInstance(this.record);
    this.record = null;
  }

  private async launch(record: InstanceRecord): Promise<void> {
    this.record = record;
    const { runtime, directory } = record;
    if (runtime.type !== 'process' || directory === null) throw new Error('not a local instance');
    const { file, args, env } = this.recipe.command(directory);
    const logFile = join(directory, 'server.log');
    runtime.process = await startDetached({
      file,
      args,
      cwd: directory,
      env: { PATH: process.env['PATH'], LANG: 'C.UTF-8', HOME: directory, ...env },
      logFile,
      ...serverAccount,
    });
    await saveInstance(record);
    const started = runtime.process;
    await waitUntilServing(this.kind, this.endpoints, () => isAlive(started)).catch(async (error: Error) => {
      const log = (await readFile(logFile, 'utf8')).trim().split('\n').slice(-15).join('\n');
      throw new Error(`${error.message}\n${log}`, { cause: error });
    });
  }

  private async createInstance(): Promise<InstanceRecord> {
    const directory = await mkdtemp(join(tmpdir(), `parley-${this.kind}-`));
    const record: InstanceRecord = {
      id: `${this.kind}-${randomBytes(4).toString('hex')}`,
      kind: this.kind,
      owner: this.owner,
      endpoints: this.endpoints,
      directory,
      runtime: { type: 'process', process: null, discardSignal: this.recipe.discardSignal },
    };
    await saveInstance(record);
    if (serverAccount.uid !== undefined) await chown(directory, serverAccount.uid, serverAccount.gid);
    await this.recipe.prepare(directory);
    return record;
  }

  private async end(signal: NodeJS.Signals): Promise<void> {
    const runtime = this.record?.runtime;
    if (runtime?.type === 'process' && runtime.process) await endProcessGroup(runtime.process, signal);
  }
}
