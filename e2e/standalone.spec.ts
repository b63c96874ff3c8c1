import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { eventually, type ProviderStub, startProviderStub } from '@parley/testing';
import OpenAI from 'openai';
import { ApiClient } from './support/api-client.js';
import { AppProcess, freePort } from './support/app-process.js';

const READY_MS = 180_000;
const STOP_MS = 10_000;

let folder: string;
let port: string;
let stub: ProviderStub;
const started: AppProcess[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parley-e2e-'));
  port = String(await freePort());
  stub = await startProviderStub();
});
afterAll(async () => {
  for (const app of started) if (app.isRunning) await app.stop();
  await stub?.close();
  await rm(folder, { recursive: true, force: true });
});

function launch(environment: Record<string, string> = {}): AppProcess {
  const provider = { OPENAI_BASE_URL: stub.baseUrl, OPENAI_API_KEY: stub.apiKey };
  const app = AppProcess.start('standalone', { PORT: port, PARLEY_DATA_DIR: folder, ...provider, ...environment });
  started.push(app);
  return app;
}

async function start(): Promise<{ app: AppProcess; api: ApiClient; client: OpenAI }> {
  const app = launch();
  await eventually(() => expect(app.output).toContain('Ctrl-C stops it.'), { timeoutMs: READY_MS, intervalMs: 50 });
  const { baseUrl, apiKey } = JSON.parse(await readFile(join(folder, 'credentials.json'), 'utf8'));
  expect(app.output).toContain(apiKey);
  const client = new OpenAI({ baseURL: `${baseUrl}/v1`, apiKey, maxRetries: 0 });
  return { app, api: new ApiClient(baseUrl, apiKey), client };
}

async function interrupt(app: AppProcess): Promise<void> {
  const startedAt = performance.now();
  app.kill('SIGINT');
  expect(await app.exited).toBe(0);
  expect(performance.now() - startedAt).toBeLessThan(STOP_MS);
  expect(existsSync(join(folder, 'lock'))).toBe(false);
}

/** Made by the first test, looked for by the others. */
let conversation: string;

it('tells a client whose answer is being written when Ctrl-C ends it, and stops', async () => {
  const { app, api, client } = await start();
  expect((await stat(join(folder, 'credentials.json'))).mode & 0o777).toBe(0o600);
  const body = { model: 'default', messages: [{ role: 'user' as const, content: 'Remember me' }] };
  const { json } = await api.call('POST', '/v1/chat/completions', { body });
  conversation = `/api/v1/conversations/${json!['conversation_id'] as string}`;

  stub.answer = { tokens: Array<string>(100).fill('on and on '), intervalMs: 200 };
  const chunks = (await client.chat.completions.create({ ...body, stream: true }))[Symbol.asyncIterator]();
  await chunks.next();
  const stopped = interrupt(app);
  const rest = (async () => {
    while (!(await chunks.next()).done);
  })();
  await expect(rest).rejects.toMatchObject({ code: 'stream_interrupted' });
  await stopped;
});

it('keeps everything over a restart, and shares its folder and its port with nobody', async () => {
  const { app, api } = await start();
  const sameFolder = launch({ PORT: String(await freePort()) });
  const other = await mkdtemp(join(tmpdir(), 'parley-e2e-'));
  const samePort = launch({ PARLEY_DATA_DIR: other });
  expect(await Promise.all([sameFolder.exited, samePort.exited])).toEqual([1, 1]);
  expect(sameFolder.output).toMatch(
    new RegExp(`^Parley did not start\\..*\\n  - PARLEY_DATA_DIR ${folder} is in use by process ${app.pid}: .*\\n$`),
  );
  expect(samePort.output).toContain(`Parley did not start. PORT ${port} is taken by another process.\n`);
  await rm(other, { recursive: true, force: true });
  expect((await api.call('GET', conversation)).json).toMatchObject({ title: 'Remember me' });
  app.kill('SIGKILL');
  await app.exited;
});

it('keeps everything over a death, with the same credentials', async () => {
  const key = JSON.parse(await readFile(join(folder, 'credentials.json'), 'utf8')).apiKey as string;
  const { app, api } = await start();
  expect(app.output).toContain(key);
  expect((await api.call('GET', conversation)).json).toMatchObject({ title: 'Remember me' });
  await interrupt(app);
});
