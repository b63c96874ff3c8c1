import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

const ROOT = resolve(import.meta.dirname, '../..');
const READY_TIMEOUT_MS = 300_000;
const STOP_TIMEOUT_MS = 15_000;
const MAX_LOG_CHARACTERS = 20_000;

export interface Installation {
  url: string;
  apiKey: string;
  stop(): Promise<void>;
}

/** What `npm start` runs, on a free port, with a data folder that is thrown away unless one is named. */
export async function startInstallation(dataDir: string | null, signal: AbortSignal): Promise<Installation> {
  const folder = dataDir === null ? await mkdtemp(join(tmpdir(), 'parley-eval-')) : resolve(dataDir);
  await mkdir(folder, { recursive: true });
  const child = spawn(process.execPath, ['--enable-source-maps', 'apps/standalone/dist/main.js'], {
    cwd: ROOT,
    env: {
      ...process.env,
      PORT: String(await freePort()),
      PARLEY_DATA_DIR: folder,
      RATE_LIMIT_REQUESTS_PER_MINUTE: '0',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = tailOf(child);
  const stop = async () => {
    await stopProcess(child);
    if (dataDir === null) await rm(folder, { recursive: true, force: true });
  };
  try {
    await ready(child, output, signal);
    const { baseUrl, apiKey } = JSON.parse(await readFile(join(folder, 'credentials.json'), 'utf8'));
    return { url: baseUrl, apiKey, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The suite prints this line last, when its credentials are written. */
async function ready(child: ChildProcess, output: () => string, signal: AbortSignal): Promise<void> {
  const deadline = Date.now() + READY_TIMEOUT_MS;
  while (!output().includes('Ctrl-C stops it.')) {
    if (child.exitCode !== null || child.signalCode !== null) throw new Error(`Parley has ended:\n${output()}`);
    if (Date.now() > deadline) throw new Error(`Parley was not ready in time:\n${output()}`);
    await delay(100, undefined, { signal });
  }
}

function tailOf(child: ChildProcess): () => string {
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => (output = (output + text).slice(-MAX_LOG_CHARACTERS)));
  }
  return () => output;
}

async function stopProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
  child.kill('SIGTERM');
  await exited.finally(() => clearTimeout(timer));
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}
