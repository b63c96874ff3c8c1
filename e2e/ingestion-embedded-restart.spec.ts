import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually, type ProviderStub, startProviderStub, startTcpProxy, type TcpProxy } from '@parley/testing';
import OpenAI, { toFile } from 'openai';
import { AppProcess, freePort } from './support/app-process.js';
import { textOfChunks } from './support/ingestion-suite.js';

const START_TIMEOUT_MS = 180_000;

describe('an embedded suite that is killed in the middle of ingesting', () => {
  let dataDir: string;
  let provider: ProviderStub;
  let providerLink: TcpProxy;
  let app: AppProcess | undefined;

  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'parley-e2e-'));
    provider = await startProviderStub();
    providerLink = await startTcpProxy(provider.baseUrl);
  });
  afterAll(async () => {
    await app?.stop();
    await providerLink?.close();
    await provider?.close();
    await rm(dataDir, { recursive: true, force: true });
  });

  it('takes up every document when it is started again, although its broker has forgotten them', async () => {
    let client = await start();
    const store = await client.vectorStores.create({ name: 'Library' });
    providerLink.stall();
    for (const name of ['one', 'two', 'three', 'four']) {
      const file = await toFile(Buffer.from(`${textOfChunks(3)}\n\n${name}`), `${name}.txt`);
      const { id } = await client.files.create({ file, purpose: 'assistants' });
      await client.vectorStores.files.create(store.id, { file_id: id });
    }
    const { file_counts: unfinished } = await client.vectorStores.retrieve(store.id);
    expect(unfinished).toMatchObject({ in_progress: 4 });
    app!.kill('SIGKILL');
    await app!.exited;

    await providerLink.restore();
    client = await start();
    await eventually(
      async () => {
        const { file_counts: counts } = await client.vectorStores.retrieve(store.id);
        expect(counts).toMatchObject({ completed: 4, total: 4 });
      },
      { timeoutMs: 60_000, intervalMs: 200 },
    );
  });

  async function start(): Promise<OpenAI> {
    const port = await freePort();
    const started = AppProcess.start('standalone', {
      PORT: String(port),
      PARLEY_DATA_DIR: dataDir,
      OPENAI_BASE_URL: providerLink.url,
      OPENAI_API_KEY: provider.apiKey,
      INGESTION_LEASE_MS: '2000',
    });
    app = started;
    await eventually(
      async () => {
        if (!started.isRunning) throw new Error(`It has ended:\n${started.output}`);
        const response = await fetch(`http://localhost:${port}/health`);
        if (response.status !== 200) throw new Error(`Not ready:\n${started.output}`);
      },
      { timeoutMs: START_TIMEOUT_MS, intervalMs: 200 },
    );
    const { apiKey } = JSON.parse(await readFile(join(dataDir, 'credentials.json'), 'utf8')) as { apiKey: string };
    return new OpenAI({ baseURL: `http://localhost:${port}/v1`, apiKey, maxRetries: 0 });
  }
});
