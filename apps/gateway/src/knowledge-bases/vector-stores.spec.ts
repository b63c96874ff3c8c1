import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  AddDocument,
  CreateKnowledgeBase,
  DeleteDocument,
  DeleteKnowledgeBase,
  DomainError,
  type DocumentView,
  formatId,
  GetDocument,
  GetDocumentContent,
  GetKnowledgeBase,
  type KnowledgeBaseView,
  ListDocuments,
  ListKnowledgeBases,
  Search,
  UpdateDocument,
  UpdateKnowledgeBase,
} from '@parley/contracts';
import OpenAI from 'openai';
import { createRoutesApp, type RoutesApp } from '../fixtures/routes.fixture.js';

const STORE = '0198c0de-0000-7000-8000-00000000b001';
const FILE = '0198c0de-0000-7000-8000-00000000f001';
const CHUNK = '0198c0de-0000-7000-8000-00000000c001';
const STORE_ID = formatId('knowledgeBase', STORE);
const FILE_ID = formatId('file', FILE);
const CREATED = '2026-01-02T03:04:05.678Z';

const store = (fields: Partial<KnowledgeBaseView> = {}): KnowledgeBaseView => ({
  id: STORE,
  name: 'papers',
  description: null,
  metadata: {},
  counts: { inProgress: 0, completed: 1, failed: 0, cancelled: 0, total: 1 },
  usageBytes: 42,
  createdAt: CREATED,
  lastActiveAt: CREATED,
  ...fields,
});

const document = (fields: Partial<DocumentView> = {}): DocumentView => ({
  id: '0198c0de-0000-7000-8000-00000000d001',
  fileId: FILE,
  knowledgeBaseId: STORE,
  filename: 'a.pdf',
  status: 'completed',
  error: null,
  progressPercent: 100,
  chunkCount: 3,
  usageBytes: 42,
  attributes: {},
  chunking: null,
  createdAt: CREATED,
  ...fields,
});

describe('/v1/vector_stores', () => {
  let app: RoutesApp;
  let client: OpenAI;

  beforeAll(async () => {
    app = await createRoutesApp();
    client = new OpenAI({ apiKey: 'pk_test', baseURL: `${app.url}/v1`, maxRetries: 0 });
  });
  afterAll(() => app.close());
  beforeEach(() => {
    app.bus.reset();
    app.bus
      .on(CreateKnowledgeBase, ({ id, name, metadata }) => store({ id, name, metadata }))
      .on(GetKnowledgeBase, ({ id }) => store({ id }))
      .on(DeleteKnowledgeBase, ({ id }) => ({ id, deleted: true }));
  });

  const fault = async (method: string, path: string, body?: object) => {
    const headers: Record<string, string> = body ? { 'content-type': 'application/json' } : {};
    const init = { method, headers, ...(body ? { body: JSON.stringify(body) } : {}) };
    const response = await fetch(`${app.url}/v1/vector_stores${path}`, init);
    const { error } = (await response.json()) as { error: { code: string; param: string } };
    return { status: response.status, code: error.code, param: error.param };
  };

  it('creates, gets, lists, updates and deletes with the official SDK', async () => {
    app.bus
      .on(ListKnowledgeBases, () => ({ data: [store()], hasMore: false }))
      .on(UpdateKnowledgeBase, (request) => store({ name: request.name ?? '', metadata: request.metadata ?? {} }));
    const created = await client.vectorStores.create({ name: 'papers', metadata: { team: 'a' } });
    expect(created).toEqual({
      id: formatId('knowledgeBase', app.bus.asked(CreateKnowledgeBase)[0]!.id),
      object: 'vector_store',
      created_at: 1767323045,
      name: 'papers',
      description: null,
      status: 'completed',
      file_counts: { in_progress: 0, completed: 1, failed: 0, cancelled: 0, total: 1 },
      usage_bytes: 42,
      last_active_at: 1767323045,
      expires_at: null,
      metadata: { team: 'a' },
    });
    expect((await client.vectorStores.retrieve(created.id)).id).toBe(created.id);
    expect((await client.vectorStores.list()).data.map(({ id }) => id)).toEqual([STORE_ID]);
    const updated = await client.vectorStores.update(STORE_ID, { name: 'new', metadata: null });
    expect(updated).toMatchObject({ name: 'new', metadata: {} });
    expect(await client.vectorStores.delete(STORE_ID)).toEqual({
      id: STORE_ID,
      object: 'vector_store.deleted',
      deleted: true,
    });
  });

  it('is in progress while one of its files is', async () => {
    const counts = { inProgress: 1, completed: 4, failed: 0, cancelled: 0, total: 5 };
    app.bus.on(GetKnowledgeBase, () => store({ counts }));
    expect((await client.vectorStores.retrieve(STORE_ID)).status).toBe('in_progress');
  });

  it('attaches the named files at once', async () => {
    app.bus.on(AddDocument, () => document({ status: 'queued' }));
    await client.vectorStores.create({
      file_ids: [FILE_ID],
      chunking_strategy: { type: 'static', static: { max_chunk_size_tokens: 400, chunk_overlap_tokens: 200 } },
    });
    const [created] = app.bus.asked(CreateKnowledgeBase);
    expect(app.bus.asked(AddDocument)).toEqual([
      {
        knowledgeBaseId: created!.id,
        fileId: FILE,
        attributes: {},
        chunking: { maxChunkSizeTokens: 400, chunkOverlapTokens: 200 },
      },
    ]);
  });

  it('leaves nothing when a named file cannot be attached', async () => {
    app.bus.on(AddDocument, () => {
      throw DomainError.notFound('file', 'file_ids');
    });
    await expect(client.vectorStores.create({ file_ids: [FILE_ID] })).rejects.toMatchObject({ status: 404 });
    expect(app.bus.asked(DeleteKnowledgeBase)).toEqual([{ id: app.bus.asked(CreateKnowledgeBase)[0]!.id }]);
  });

  it.each([
    ['name', '', { name: 'x'.repeat(257) }],
    ['metadata', '', { metadata: Object.fromEntries(Array.from({ length: 17 }, (_, index) => [`k${index}`, 'v'])) }],
    ['metadata', '', { metadata: { ['k'.repeat(65)]: 'v' } }],
    ['metadata', '', { metadata: { key: 1 } }],
    ['chunking_strategy.static', '', { chunking_strategy: { type: 'static' } }],
    [
      'chunking_strategy.static.max_chunk_size_tokens',
      '',
      { chunking_strategy: { type: 'static', static: { max_chunk_size_tokens: 99, chunk_overlap_tokens: 1 } } },
    ],
    [
      'chunking_strategy.static.chunk_overlap_tokens',
      '',
      { chunking_strategy: { type: 'static', static: { max_chunk_size_tokens: 100, chunk_overlap_tokens: 51 } } },
    ],
    ['file_id', `/${STORE_ID}/files`, {}],
    ['attributes', `/${STORE_ID}/files`, { file_id: FILE_ID, attributes: { list: [1] } }],
    ['attributes', `/${STORE_ID}/files/${FILE_ID}`, {}],
    ['query', `/${STORE_ID}/search`, {}],
    ['query', `/${STORE_ID}/search`, { query: '' }],
    ['query', `/${STORE_ID}/search`, { query: [1] }],
    ['max_num_results', `/${STORE_ID}/search`, { query: 'x', max_num_results: 51 }],
    ['ranking_options.score_threshold', `/${STORE_ID}/search`, { query: 'x', ranking_options: { score_threshold: 2 } }],
    ['filters', `/${STORE_ID}/search`, { query: 'x', filters: 'year = 2024' }],
    ['neighbors', `/${STORE_ID}/search`, { query: 'x', neighbors: 4 }],
    ['explain', `/${STORE_ID}/search`, { query: 'x', explain: 'yes' }],
    ['ranking_options.fusion', `/${STORE_ID}/search`, { query: 'x', ranking_options: { fusion: 'sum' } }],
    [
      'ranking_options.hybrid_search',
      `/${STORE_ID}/search`,
      { query: 'x', ranking_options: { hybrid_search: { embedding_weight: 0, text_weight: 0 } } },
    ],
    [
      'ranking_options.hybrid_search.text_weight',
      `/${STORE_ID}/search`,
      { query: 'x', ranking_options: { hybrid_search: { embedding_weight: 1 } } },
    ],
  ])('refuses a bad %s', async (param, path, body) => {
    expect(await fault('POST', path, body)).toEqual({ status: 400, code: 'invalid_request', param });
    expect(app.bus.requests).toEqual([]);
  });

  it('expires so many days after the last search, until it is told otherwise', async () => {
    const expiry = { days: 7, expiresAt: '2026-01-09T03:04:05.678Z', isExpired: false };
    app.bus
      .on(CreateKnowledgeBase, () => store({ expiry }))
      .on(GetKnowledgeBase, () => store({ expiry: { ...expiry, isExpired: true } }))
      .on(UpdateKnowledgeBase, () => store());
    const expires_after = { anchor: 'last_active_at', days: 7 } as const;
    const created = await client.vectorStores.create({ expires_after });
    expect(created).toMatchObject({ status: 'completed', expires_after, expires_at: 1767927845 });
    expect((await client.vectorStores.retrieve(STORE_ID)).status).toBe('expired');
    expect(await client.vectorStores.update(STORE_ID, { expires_after: null })).toMatchObject({ expires_at: null });
    await client.vectorStores.update(STORE_ID, { name: 'new' });
    expect(app.bus.asked(CreateKnowledgeBase)).toMatchObject([{ expiresAfterDays: 7 }]);
    const [cleared, kept] = app.bus.asked(UpdateKnowledgeBase);
    expect(cleared).toMatchObject({ expiresAfterDays: null });
    expect(kept!.expiresAfterDays).toBeUndefined();
  });

  it('says that a vector store has expired', async () => {
    app.bus.on(AddDocument, () => {
      throw new DomainError('knowledge_base_expired', 'The vector store has expired.', { param: 'vector_store_id' });
    });
    expect(await fault('POST', `/${STORE_ID}/files`, { file_id: FILE_ID })).toEqual({
      status: 410,
      code: 'knowledge_base_expired',
      param: 'vector_store_id',
    });
  });

  it.each([
    ['expires_after.days', { anchor: 'last_active_at', days: 0 }],
    ['expires_after.days', { anchor: 'last_active_at', days: 366 }],
    ['expires_after.anchor', { anchor: 'created_at', days: 1 }],
  ])('refuses an expiry with a bad %s', async (param, expires_after) => {
    expect(await fault('POST', '', { expires_after })).toEqual({ status: 400, code: 'invalid_request', param });
  });

  it.each([
    ['vector_store_id', 'GET', '/vs_1', undefined],
    ['vector_store_id', 'GET', `/${FILE_ID}/files`, undefined],
    ['file_id', 'GET', `/${STORE_ID}/files/file-1`, undefined],
    ['file_id', 'POST', `/${STORE_ID}/files`, { file_id: 'file-1' }],
    ['file_ids.1', 'POST', '', { file_ids: [FILE_ID, 'file-1'] }],
  ])('answers 404 for a %s that is none', async (param, method, path, body) => {
    expect(await fault(method, path, body)).toEqual({ status: 404, code: 'not_found', param });
  });

  describe('files', () => {
    it('attaches, polls, lists, updates, reads and detaches with the official SDK', async () => {
      const states: DocumentView[] = [
        document({ status: 'embedding', progressPercent: 60 }),
        document({ attributes: { year: 2024 } }),
      ];
      app.bus
        .on(AddDocument, ({ attributes }) => document({ status: 'queued', progressPercent: 0, attributes }))
        .on(GetDocument, () => states.shift() ?? document())
        .on(ListDocuments, () => ({ data: [document()], hasMore: false }))
        .on(UpdateDocument, ({ attributes }) => document({ attributes }))
        .on(DeleteDocument, () => ({ id: document().id, deleted: true }))
        .on(GetDocumentContent, () => ({ fileId: FILE, filename: 'a.pdf', attributes: {}, content: ['one', 'two'] }));
      const { files } = client.vectorStores;
      const body = { file_id: FILE_ID, attributes: { year: 2024 } };
      const done = await files.createAndPoll(STORE_ID, body, { pollIntervalMs: 1 });
      expect(done).toEqual({
        id: FILE_ID,
        object: 'vector_store.file',
        created_at: 1767323045,
        vector_store_id: STORE_ID,
        status: 'completed',
        last_error: null,
        usage_bytes: 42,
        attributes: { year: 2024 },
        chunking_strategy: { type: 'static', static: { max_chunk_size_tokens: 800, chunk_overlap_tokens: 400 } },
        parley: { stage: 'completed', progress_percent: 100, error_code: null, chunk_count: 3 },
      });
      const listed = await files.list(STORE_ID, { filter: 'completed', after: FILE_ID });
      expect(listed.data).toHaveLength(1);
      expect(app.bus.asked(ListDocuments)[0]).toMatchObject({
        status: 'completed',
        after: FILE,
        knowledgeBaseId: STORE,
      });
      const updated = await files.update(FILE_ID, { vector_store_id: STORE_ID, attributes: { year: 2025 } });
      expect(updated.attributes).toEqual({ year: 2025 });
      const content = await files.content(FILE_ID, { vector_store_id: STORE_ID });
      expect(content.data.map(({ text }) => text)).toEqual(['one', 'two']);
      expect(await files.delete(FILE_ID, { vector_store_id: STORE_ID })).toEqual({
        id: FILE_ID,
        object: 'vector_store.file.deleted',
        deleted: true,
      });
    });

    it.each([
      ['unsupported', 'unsupported_file'],
      ['encrypted', 'invalid_file'],
      ['no_text', 'invalid_file'],
      ['too_large', 'invalid_file'],
      ['timeout', 'server_error'],
      ['provider_error', 'server_error'],
    ] as const)('tells a failure %s as %s, with its message and our own code', async (code, wire) => {
      app.bus.on(GetDocument, () => document({ status: 'failed', error: { code, message: 'Page 3 is broken.' } }));
      const file = await client.vectorStores.files.retrieve(FILE_ID, { vector_store_id: STORE_ID });
      expect(file).toMatchObject({
        status: 'failed',
        last_error: { code: wire, message: 'Page 3 is broken.' },
        parley: { stage: 'failed', error_code: code },
      });
    });

    it.each(['queued', 'parsing', 'embedding', 'indexing'] as const)('is in progress while %s', async (status) => {
      app.bus.on(GetDocument, () => document({ status }));
      const file = await client.vectorStores.files.retrieve(FILE_ID, { vector_store_id: STORE_ID });
      expect(file).toMatchObject({ status: 'in_progress', parley: { stage: status } });
    });
  });

  it('searches with one query or several, a filter and a threshold', async () => {
    app.bus.on(Search, () => ({
      hits: [
        {
          chunkId: CHUNK,
          documentId: document().id,
          fileId: FILE,
          knowledgeBaseId: STORE,
          filename: 'a.pdf',
          ordinal: 2,
          text: 'Traces are compiled.',
          score: 0.8,
          attributes: { year: 2009 },
          locator: { pageStart: 4, headings: ['2 Overview'] },
        },
      ],
    }));
    const page = await client.vectorStores.search(STORE_ID, {
      query: 'traces',
      filters: { type: 'eq', key: 'year', value: 2009 },
      ranking_options: { ranker: 'auto', score_threshold: 0.3 },
      rewrite_query: true,
    });
    expect(page.object).toBe('vector_store.search_results.page');
    expect(page.data).toEqual([
      {
        file_id: FILE_ID,
        filename: 'a.pdf',
        score: 0.8,
        attributes: { year: 2009 },
        content: [{ type: 'text', text: 'Traces are compiled.' }],
        parley: { chunk_id: formatId('chunk', CHUNK), ordinal: 2, headings: ['2 Overview'], pages: [4, 4], rows: null },
      },
    ]);
    await client.vectorStores.search(STORE_ID, { query: ['a', 'b'], max_num_results: 3 });
    expect(app.bus.asked(Search)).toEqual([
      {
        knowledgeBaseIds: [STORE],
        queries: ['traces'],
        maxResults: 10,
        scoreThreshold: 0.3,
        filter: { type: 'eq', key: 'year', value: 2009 },
      },
      { knowledgeBaseIds: [STORE], queries: ['a', 'b'], maxResults: 3, scoreThreshold: 0 },
    ]);
  });
});
