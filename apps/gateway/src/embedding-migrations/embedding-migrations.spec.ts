import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  CancelEmbeddingMigration,
  CompareEmbeddingSpaces,
  DomainError,
  type EmbeddingMigrationView,
  FinishEmbeddingMigration,
  formatId,
  GetEmbeddingMigration,
  GetEmbeddingSpace,
  ListEmbeddingMigrations,
  RollBackEmbeddingMigration,
  SetVectorWeight,
  StartEmbeddingMigration,
  SwitchEmbeddingMigration,
} from '@parley/contracts';
import { createRoutesApp, type RoutesApp } from '../fixtures/routes.fixture.js';
import { REQUIRED_SCOPES } from '../identity/require-scopes.decorator.js';
import { EmbeddingComparisonController } from './embedding-comparison.controller.js';
import { EmbeddingMigrationsController } from './embedding-migrations.controller.js';
import { EmbeddingSpaceController } from './embedding-space.controller.js';

const STORE = '0198c0de-0000-7000-8000-00000000b001';
const MIGRATION = '0198c0de-0000-7000-8000-00000000e001';
const STORE_ID = formatId('knowledgeBase', STORE);
const MIGRATION_ID = formatId('embeddingMigration', MIGRATION);
const PATH = `/${STORE_ID}/embedding-migrations`;

const view = (fields: Partial<EmbeddingMigrationView> = {}): EmbeddingMigrationView => ({
  id: MIGRATION,
  knowledgeBaseId: STORE,
  status: 'filling',
  from: { model: 'small', dimensions: 512 },
  to: { model: 'large', dimensions: 1024 },
  chunks: { total: 40, embedded: 10 },
  progressPercent: 25,
  canSwitch: false,
  isRemoving: false,
  error: null,
  retryAt: null,
  createdAt: '2026-01-02T03:04:05.678Z',
  readyAt: null,
  switchedAt: null,
  finishedAt: null,
  ...fields,
});

describe('embedding migrations', () => {
  let app: RoutesApp;

  beforeAll(async () => {
    app = await createRoutesApp();
  });
  afterAll(() => app.close());
  beforeEach(() => app.bus.reset());

  async function call(method: string, path: string, body?: object): Promise<{ status: number; body: object }> {
    const headers: Record<string, string> = body ? { 'content-type': 'application/json' } : {};
    const init = { method, headers, ...(body ? { body: JSON.stringify(body) } : {}) };
    const response = await fetch(`${app.url}/api/v1/knowledge-bases${path}`, init);
    return { status: response.status, body: (await response.json()) as object };
  }

  it('are for administrators', () => {
    for (const controller of [EmbeddingMigrationsController, EmbeddingComparisonController, EmbeddingSpaceController]) {
      expect(Reflect.getMetadata(REQUIRED_SCOPES, controller)).toEqual(['admin']);
    }
  });

  it('are started, listed and shown with their progress', async () => {
    app.bus
      .on(StartEmbeddingMigration, ({ id }) => view({ id }))
      .on(ListEmbeddingMigrations, () => ({ data: [view()], hasMore: false }))
      .on(GetEmbeddingMigration, () => view({ status: 'ready', canSwitch: true, readyAt: '2026-01-02T04:00:00.000Z' }));
    expect(await call('POST', PATH, { model: 'large', dimensions: 1024 })).toMatchObject({
      status: 201,
      body: { object: 'embedding_migration', vector_store_id: STORE_ID, status: 'filling', progress_percent: 25 },
    });
    expect(app.bus.asked(StartEmbeddingMigration)).toMatchObject([
      { knowledgeBaseId: STORE, model: 'large', dimensions: 1024 },
    ]);
    expect(await call('GET', `${PATH}?limit=5`)).toMatchObject({
      body: { object: 'list', data: [{ id: MIGRATION_ID }] },
    });
    expect((await call('GET', `${PATH}/${MIGRATION_ID}`)).body).toEqual({
      id: MIGRATION_ID,
      object: 'embedding_migration',
      vector_store_id: STORE_ID,
      status: 'ready',
      from: { model: 'small', dimensions: 512 },
      to: { model: 'large', dimensions: 1024 },
      chunks: { total: 40, embedded: 10 },
      progress_percent: 25,
      can_switch: true,
      is_removing: false,
      error: null,
      retry_at: null,
      created_at: 1767323045,
      ready_at: 1767326400,
      switched_at: null,
      finished_at: null,
    });
  });

  it.each([
    ['switch', SwitchEmbeddingMigration],
    ['rollback', RollBackEmbeddingMigration],
    ['finish', FinishEmbeddingMigration],
    ['cancel', CancelEmbeddingMigration],
  ])('%s', async (action, definition) => {
    app.bus.on(definition, () => view({ status: 'switched' }));
    const answer = await call('POST', `${PATH}/${MIGRATION_ID}/${action}`);
    expect(answer).toMatchObject({ status: 200, body: { status: 'switched' } });
    expect(app.bus.asked(definition)).toEqual([{ knowledgeBaseId: STORE, id: MIGRATION }]);
  });

  it('say what is missing for a switch, as problem details', async () => {
    app.bus.on(SwitchEmbeddingMigration, () => {
      throw new DomainError('conflict', '3 chunks of 1 files are not embedded with large yet.');
    });
    const answer = await call('POST', `${PATH}/${MIGRATION_ID}/switch`);
    expect(answer).toMatchObject({
      status: 409,
      body: { code: 'conflict', detail: expect.stringContaining('3 chunks') },
    });
  });

  it('refuse what is no id, and models and lengths that cannot be', async () => {
    expect((await call('GET', '/vs_1/embedding-migrations')).status).toBe(404);
    expect((await call('GET', `${PATH}/${STORE_ID}`)).status).toBe(404);
    expect((await call('POST', PATH, {})).status).toBe(400);
    expect((await call('POST', PATH, { model: 'm', dimensions: 4001 })).status).toBe(400);
  });

  it('compare both models, with queries of their own and without', async () => {
    const quality = { recallAt10: 0.5, ndcgAt10: 0.25 };
    app.bus.on(CompareEmbeddingSpaces, ({ questions }) => ({
      queryCount: 1,
      overlapAt10: 0.8,
      vectorOverlapAt10: null,
      quality: questions ? { from: quality, to: quality } : null,
      differing: [{ query: 'why?', overlapAt10: 0.8 }],
    }));
    const path = `${PATH}/${MIGRATION_ID}/comparison`;
    expect(await call('GET', `${path}?sample=5`)).toEqual({
      status: 200,
      body: {
        object: 'embedding_comparison',
        query_count: 1,
        overlap_at_10: 0.8,
        vector_overlap_at_10: null,
        quality: null,
        differing: [{ query: 'why?', overlap_at_10: 0.8 }],
      },
    });
    const questions = [{ query: 'why?', file_ids: [formatId('file', STORE)] }];
    const found = { recall_at_10: 0.5, ndcg_at_10: 0.25 };
    expect(await call('POST', path, { questions })).toMatchObject({ body: { quality: { from: found, to: found } } });
    expect(app.bus.asked(CompareEmbeddingSpaces)).toEqual([
      { knowledgeBaseId: STORE, id: MIGRATION, sample: 5 },
      { knowledgeBaseId: STORE, id: MIGRATION, sample: 20, questions: [{ query: 'why?', fileIds: [STORE] }] },
    ]);
    expect((await call('GET', `${path}?sample=51`)).status).toBe(400);
    expect((await call('POST', path, { questions: [{ query: 'why?', file_ids: ['file-1'] }] })).status).toBe(404);
  });

  it('show and set what vectors count for', async () => {
    const space = { model: 'small', dimensions: 512, vectorWeight: 0.5, isWeightSet: false, isAvailable: true };
    app.bus.on(GetEmbeddingSpace, () => space);
    app.bus.on(SetVectorWeight, ({ vectorWeight }) => ({ ...space, vectorWeight: vectorWeight ?? 0.5 }));
    const path = `/${STORE_ID}/embedding-space`;
    expect(await call('GET', path)).toMatchObject({
      status: 200,
      body: { object: 'embedding_space', model: 'small', vector_weight: 0.5, is_weight_set: false, is_available: true },
    });
    expect(await call('PATCH', path, { vector_weight: 0.3 })).toMatchObject({ body: { vector_weight: 0.3 } });
    expect(await call('PATCH', path, { vector_weight: null })).toMatchObject({ body: { vector_weight: 0.5 } });
    expect(app.bus.asked(SetVectorWeight)).toEqual([
      { knowledgeBaseId: STORE, vectorWeight: 0.3 },
      { knowledgeBaseId: STORE },
    ]);
    for (const vector_weight of [1.1, 'half']) {
      expect((await call('PATCH', path, { vector_weight })).status).toBe(400);
    }
    expect((await call('PATCH', path, {})).status).toBe(400);
  });
});
