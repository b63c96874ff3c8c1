import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually, type ProviderStub, startProviderStub } from '@parley/testing';
import OpenAI, { toFile } from 'openai';
import { AppProcess, freePort } from './support/app-process.js';
import { textOfChunks } from './support/ingestion-suite.js';

const PATIENCE = { timeoutMs: 60_000, intervalMs: 200 };

describe('the embedded suite, through the API', () => {
  let dataDir: string;
  let provider: ProviderStub;
  let app: AppProcess;
  let url: string;
  let apiKey: string;

  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'parley-e2e-'));
    provider = await startProviderStub();
    const port = await freePort();
    url = `http://localhost:${port}`;
    app = AppProcess.start('standalone', {
      PORT: String(port),
      PARLEY_DATA_DIR: dataDir,
      OPENAI_BASE_URL: provider.baseUrl,
      OPENAI_API_KEY: provider.apiKey,
      OPENAI_EMBEDDING_MODEL: 'text-embedding-3-small',
      OPENAI_EMBEDDING_DIMENSIONS: '16',
    });
    await eventually(async () => {
      if (!app.isRunning) throw new Error(`It has ended:\n${app.output}`);
      if ((await fetch(`${url}/health`)).status !== 200) throw new Error(`Not ready:\n${app.output}`);
    }, PATIENCE);
    ({ apiKey } = JSON.parse(await readFile(join(dataDir, 'credentials.json'), 'utf8')) as { apiKey: string });
  });
  afterAll(async () => {
    await app?.stop();
    await provider?.close();
    await rm(dataDir, { recursive: true, force: true });
  });

  async function call(method: string, path: string, body?: object): Promise<Record<string, unknown>> {
    const authorization = `Bearer ${apiKey}`;
    const init = body
      ? { headers: { authorization, 'content-type': 'application/json' }, body: JSON.stringify(body) }
      : { headers: { authorization } };
    const response = await fetch(`${url}/api/v1/knowledge-bases/${path}`, { method, ...init });
    const answer = (await response.json()) as Record<string, unknown>;
    if (!response.ok) throw new Error(JSON.stringify(answer));
    return answer;
  }

  it('moves a vector store to the built-in model and gives the old one up', async () => {
    const client = new OpenAI({ baseURL: `${url}/v1`, apiKey, maxRetries: 0 });
    const store = await client.vectorStores.create({ name: 'Library' });
    const file = await toFile(Buffer.from(textOfChunks(5)), 'river.txt');
    const { id: fileId } = await client.files.create({ file, purpose: 'assistants' });
    await client.vectorStores.files.create(store.id, { file_id: fileId });
    await eventually(async () => {
      const { status } = await client.vectorStores.files.retrieve(fileId, { vector_store_id: store.id });
      expect(status).toBe('completed');
    }, PATIENCE);

    const space = `${store.id}/embedding-space`;
    expect(await call('GET', space)).toMatchObject({ dimensions: 16, vector_weight: 0.5, is_available: true });
    const started = await call('POST', `${store.id}/embedding-migrations`, { model: 'parley-hash-embedding-2' });
    const migration = `${store.id}/embedding-migrations/${String(started['id'])}`;
    await eventually(async () => expect(await call('GET', migration)).toMatchObject({ status: 'ready' }), PATIENCE);
    const questions = [{ query: 'What does the river carry?', file_ids: [fileId] }];
    expect(await call('POST', `${migration}/comparison`, { questions })).toMatchObject({
      query_count: 1,
      overlap_at_10: 1,
      quality: { from: { recall_at_10: 1, ndcg_at_10: 1 }, to: { recall_at_10: 1, ndcg_at_10: 1 } },
    });
    expect(await call('POST', `${migration}/switch`)).toMatchObject({ status: 'switched' });
    expect(await call('GET', space)).toMatchObject({ model: 'parley-hash-embedding-2', vector_weight: 0.1 });
    const found = await client.vectorStores.search(store.id, { query: 'What does the river carry?' });
    expect(found.data).not.toHaveLength(0);
    expect(await call('POST', `${migration}/finish`)).toMatchObject({ status: 'finished', is_removing: true });
    await eventually(async () => expect(await call('GET', migration)).toMatchObject({ is_removing: false }), PATIENCE);
  });
});
