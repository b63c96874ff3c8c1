import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { resolve } from 'node:path';

const ROOT = resolve(import.meta.dirname, '../..');
/** Compiled code of thousands of modules: kept between processes, a fifth of what a start costs. */
const COMPILE_CACHE = resolve(ROOT, 'node_modules/.cache/node-compile');
const MAX_LOG_CHARS = 200_000;
const STOP_TIMEOUT_MS = 15_000;

/** One app of the suite as its own process, started from the built output as in production. */
export class AppProcess {
  #output = '';
  readonly exited: Promise<number | null>;

  readonly name: string;
  readonly #environment: Record<string, string>;
  readonly #root: string;
  private readonly child: ChildProcess;

  /** No parameter properties here: benchmarks run this file as it is, with its types stripped. */
  private constructor(name: string, environment: Record<string, string>, root: string, child: ChildProcess) {
    this.name = name;
    this.#environment = environment;
    this.#root = root;
    this.child = child;
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.#output = (this.#output + text).slice(-MAX_LOG_CHARS);
      });
    }
    this.exited = once(child, 'exit').then(([code]) => code as number | null);
  }

  /**
   * Without `--enable-source-maps`, a seventh of what a start costs.
   * @param root folder of `apps`, `libs` and `node_modules`
   */
  static start(name: string, environment: Record<string, string>, root = ROOT): AppProcess {
    const child = spawn(process.execPath, [`apps/${name}/dist/main.js`], {
      cwd: root,
      env: {
        PATH: process.env['PATH'] ?? '',
        HOME: process.env['HOME'] ?? '',
        NODE_COMPILE_CACHE: COMPILE_CACHE,
        ...environment,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    return new AppProcess(name, environment, root, child);
  }

  /** Another process of this app with the same settings, the port among them. */
  startAgain(): AppProcess {
    return AppProcess.start(this.name, this.#environment, this.#root);
  }

  get pid(): number {
    return this.child.pid!;
  }

  get output(): string {
    return this.#output;
  }

  get isRunning(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  kill(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  /** Asks it to stop and waits; what does not stop in time is killed and reported. */
  async stop(): Promise<number | null> {
    if (!this.isRunning) return this.exited;
    const timer = setTimeout(() => this.child.kill('SIGKILL'), STOP_TIMEOUT_MS);
    this.child.kill('SIGTERM');
    return this.exited.finally(() => clearTimeout(timer));
  }
}

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}
