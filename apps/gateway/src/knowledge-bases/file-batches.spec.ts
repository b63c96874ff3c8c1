import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  CancelFileBatch,
  CreateFileBatch,
  DomainError,
  type FileBatchView,
  formatId,
  GetFileBatch,
  ListFileBatchFiles,
  RegisterFile,
} from '@parley/contracts';
import OpenAI, { toFile } from 'openai';
import { createRoutesApp, type RoutesApp } from '../fixtures/routes.fixture.js';

const STORE = '0198c0de-0000-7000-8000-00000000b001';
const BATCH = '0198c0de-0000-7000-8000-0000000ba001';
const FILES = ['0198c0de-0000-7000-8000-00000000f001', '0198c0de-0000-7000-8000-00000000f002'];
const STORE_ID = formatId('knowledgeBase', STORE);
const BATCH_ID = formatId('fileBatch', BATCH);
const FILE_IDS = FILES.map((id) => formatId('file', id));
const CREATED = '2026-01-02T03:04:05.678Z';

const batch = (status: FileBatchView['status'], counts: Partial<FileBatchView['counts']> = {}): FileBatchView => ({
  id: BATCH,
  knowledgeBaseId: STORE,
  status,
  counts: { inProgress: 0, completed: 0, failed: 0, cancelled: 0, total: 2, ...counts },
  createdAt: CREATED,
});

describe('/v1/vector_stores/{id}/file_batches', () => {
  let app: RoutesApp;
  let batches: OpenAI['vectorStores']['fileBatches'];

  beforeAll(async () => {
    app = await createRoutesApp();
    batches = new OpenAI({ apiKey: 'pk_test', baseURL: `${app.url}/v1`, maxRetries: 0 }).vectorStores.fileBatches;
  });
  afterAll(() => app.close());
  beforeEach(() => {
    app.bus.reset();
    const states = [batch('in_progress', { inProgress: 1, completed: 1 }), batch('completed', { completed: 2 })];
    app.bus
      .on(CreateFileBatch, () => batch('in_progress', { inProgress: 2 }))
      .on(GetFileBatch, () => states.shift() ?? batch('completed', { completed: 2 }))
      .on(CancelFileBatch, () => batch('cancelled', { cancelled: 1, completed: 1 }))
      .on(RegisterFile, (request) => ({ ...request, createdAt: CREATED }));
  });

  const post = async (body: object) => {
    const headers = { 'content-type': 'application/json' };
    const init = { method: 'POST', headers, body: JSON.stringify(body) };
    const response = await fetch(`${app.url}/v1/vector_stores/${STORE_ID}/file_batches`, init);
    const { error } = (await response.json()) as { error: { code: string; param: string } };
    return { status: response.status, code: error.code, param: error.param };
  };

  it('creates and polls with the official SDK, with the same wishes for all files', async () => {
    const chunking = { type: 'static', static: { max_chunk_size_tokens: 400, chunk_overlap_tokens: 0 } } as const;
    const body = { file_ids: FILE_IDS, attributes: { year: 2024 }, chunking_strategy: chunking };
    expect(await batches.createAndPoll(STORE_ID, body, { pollIntervalMs: 1 })).toEqual({
      id: BATCH_ID,
      object: 'vector_store.files_batch',
      created_at: 1767323045,
      vector_store_id: STORE_ID,
      status: 'completed',
      file_counts: { in_progress: 0, completed: 2, failed: 0, cancelled: 0, total: 2 },
    });
    const wishes = { attributes: { year: 2024 }, chunking: { maxChunkSizeTokens: 400, chunkOverlapTokens: 0 } };
    const [asked] = app.bus.asked(CreateFileBatch);
    expect(asked).toMatchObject({ knowledgeBaseId: STORE, files: FILES.map((fileId) => ({ fileId, ...wishes })) });
    expect(app.bus.asked(GetFileBatch)).toHaveLength(2);
  });

  it('takes wishes for each file', async () => {
    await batches.create(STORE_ID, {
      files: [{ file_id: FILE_IDS[0]!, attributes: { a: 1 } }, { file_id: FILE_IDS[1]! }],
    });
    const [asked] = app.bus.asked(CreateFileBatch);
    expect(asked!.files).toEqual([
      { fileId: FILES[0], attributes: { a: 1 } },
      { fileId: FILES[1], attributes: {} },
    ]);
  });

  it('uploads and polls with the official SDK', async () => {
    const files = [await toFile(Buffer.from('one'), 'one.txt'), await toFile(Buffer.from('two'), 'two.txt')];
    const done = await batches.uploadAndPoll(STORE_ID, { files, fileIds: [FILE_IDS[0]!] }, { pollIntervalMs: 1 });
    expect(done.status).toBe('completed');
    const uploaded = app.bus.asked(RegisterFile).map(({ id }) => id);
    const [asked] = app.bus.asked(CreateFileBatch);
    expect(asked!.files.map(({ fileId }) => fileId).toSorted()).toEqual([FILES[0], ...uploaded].toSorted());
  });

  it('cancels, and lists its files page by page and by status', async () => {
    expect((await batches.cancel(BATCH_ID, { vector_store_id: STORE_ID })).status).toBe('cancelled');
    expect(app.bus.asked(CancelFileBatch)).toEqual([{ knowledgeBaseId: STORE, batchId: BATCH }]);
    app.bus.on(ListFileBatchFiles, () => ({ data: [], hasMore: false }));
    const query = { vector_store_id: STORE_ID, filter: 'failed', limit: 5, after: FILE_IDS[0]! } as const;
    expect((await batches.listFiles(BATCH_ID, query)).data).toEqual([]);
    expect(app.bus.asked(ListFileBatchFiles)[0]).toMatchObject({
      knowledgeBaseId: STORE,
      batchId: BATCH,
      status: 'failed',
      limit: 5,
      after: FILES[0],
    });
  });

  const many = (count: number) => Array.from({ length: count }, () => FILE_IDS[0]!);

  it.each([
    ['neither list', 'file_ids', {}],
    ['both lists', 'file_ids', { file_ids: FILE_IDS, files: [{ file_id: FILE_IDS[0] }] }],
    ['no file', 'file_ids', { file_ids: [] }],
    ['2,001 files', 'file_ids', { file_ids: many(2_001) }],
    ['a bad attribute', 'files.0.attributes', { files: [{ file_id: FILE_IDS[0], attributes: { a: [] } }] }],
    [
      '17 attributes',
      'attributes',
      { file_ids: FILE_IDS, attributes: Object.fromEntries(Array.from({ length: 17 }, (_, n) => [`k${n}`, n])) },
    ],
    ['a bad strategy', 'chunking_strategy.type', { file_ids: FILE_IDS, chunking_strategy: { type: 'semantic' } }],
  ])('refuses %s', async (_what, param, body) => {
    expect(await post(body)).toEqual({ status: 400, code: 'invalid_request', param });
    expect(app.bus.requests).toEqual([]);
  });

  it('takes 2,000 files', async () => {
    await batches.create(STORE_ID, { file_ids: many(2_000) });
    expect(app.bus.asked(CreateFileBatch)[0]!.files).toHaveLength(2_000);
  });

  it('names the file that is not there as the client wrote it, and knows no id that is none', async () => {
    expect(await post({ file_ids: [FILE_IDS[0], 'file-1'] })).toMatchObject({ status: 404, param: 'file_ids.1' });
    app.bus.on(CreateFileBatch, () => {
      throw DomainError.notFound('file', 'files.1');
    });
    expect(await post({ file_ids: FILE_IDS })).toMatchObject({ status: 404, param: 'file_ids.1' });
    const failure = batches.retrieve('vsfb_1', { vector_store_id: STORE_ID });
    await expect(failure).rejects.toMatchObject({ status: 404, code: 'not_found' });
  });
});
