import { tmpdir } from 'node:os';
import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import {
  type BatchFile,
  CancelFileBatch,
  CreateFileBatch,
  DeleteKnowledgeBase,
  GetDocument,
  GetFileBatch,
  ListFileBatchFiles,
  type TenantContext,
} from '@parley/contracts';
import { migrate } from '@parley/persistence';
import {
  createTestDatabase,
  createTestVhost,
  describeWithServices,
  type TestDatabase,
  type TestVhost,
} from '@parley/testing';
import pg from 'pg';
import { v7 as uuidv7 } from 'uuid';
import { Indexing } from '../fixtures/indexing.fixture.js';
import { RunningMemory, someTenant } from '../fixtures/running-memory.fixture.js';

const NONE = { inProgress: 0, completed: 0, failed: 0, cancelled: 0 };

describeWithServices('file batches by message', () => {
  let database: TestDatabase;
  let vhost: TestVhost;
  let memory: RunningMemory;
  let indexing: Indexing;
  let sql: pg.Pool;
  let tenant: TenantContext;
  let knowledgeBaseId: string;

  beforeAll(async () => {
    [database, vhost] = await Promise.all([
      createTestDatabase({ prepare: migrate, template: 'migrated' }),
      createTestVhost(),
    ]);
    sql = new pg.Pool({ connectionString: database.url, max: 1 });
    memory = await RunningMemory.start({ databaseUrl: database.url, rabbitmqUrl: vhost.url, uploadDir: tmpdir() });
    indexing = await Indexing.open(database.url);
  });
  beforeEach(async () => {
    tenant = someTenant();
    knowledgeBaseId = (await memory.createKnowledgeBase(tenant)).id;
  });
  afterAll(async () => {
    await memory?.stop();
    await indexing?.close();
    await sql?.end();
    await Promise.all([database?.drop(), vhost?.drop()]);
  });

  /** Ids of new files; the same content for those with the same letter. */
  async function addFiles(...contents: string[]): Promise<string[]> {
    const ids = contents.map(() => uuidv7());
    await sql.query(
      `insert into memory.files (id, tenant_id, filename, content_type, bytes, sha256, purpose, blob_key)
       select id, $1, 'a.txt', 'text/plain', 7, repeat(content, 64), 'assistants', id::text
       from unnest($2::uuid[], $3::text[]) as f(id, content)`,
      [tenant.tenantId, ids, contents],
    );
    return ids;
  }
  const create = (files: BatchFile[], id = uuidv7()) =>
    memory.ask(CreateFileBatch, { id, knowledgeBaseId, files }, tenant);
  const plain = (fileIds: string[]): BatchFile[] => fileIds.map((fileId) => ({ fileId, attributes: {} }));
  const get = (batchId: string) => memory.ask(GetFileBatch, { knowledgeBaseId, batchId }, tenant);
  const cancel = (batchId: string) => memory.ask(CancelFileBatch, { knowledgeBaseId, batchId }, tenant);
  const statusOf = async (fileId: string) =>
    (await memory.ask(GetDocument, { knowledgeBaseId, fileId }, tenant)).status;
  const work = () => indexing.work(tenant, ['some text']);

  it('adds all files with their own wishes, indexes equal ones once, and is completed with the last', async () => {
    const [a, b, c] = await addFiles('a', 'a', 'b');
    const files = [
      { fileId: a!, attributes: { n: 1 } },
      { fileId: b!, attributes: { n: 1 } },
    ];
    const batch = await create([...files, { fileId: c!, attributes: {} }, { fileId: a!, attributes: { n: 9 } }]);
    expect(batch).toMatchObject({ status: 'in_progress', counts: { ...NONE, inProgress: 3, total: 3 } });
    expect(await work()).toEqual([a, c]);
    expect(await get(batch.id)).toMatchObject({ status: 'completed', counts: { ...NONE, completed: 3, total: 3 } });
    expect(await indexing.find(tenant, knowledgeBaseId, 'text', { type: 'eq', key: 'n', value: 1 })).toHaveLength(1);
  });

  it('is one batch however often it is told to, and none when a file is missing', async () => {
    const files = plain(await addFiles('a', 'b'));
    const id = uuidv7();
    const [first, ...others] = await Promise.all([1, 2, 3].map(() => create(files, id)));
    for (const other of others) expect(other).toEqual(first);
    const failure = create([...plain(await addFiles('c')), { fileId: uuidv7(), attributes: {} }]);
    await expect(failure).rejects.toMatchObject({ code: 'not_found', param: 'files.1' });
    expect((await work()).length).toBe(2);
    expect(await indexing.footprint(tenant)).toMatchObject({ documents: 2 });
  });

  it('lists its own files alone, by status and page by page', async () => {
    const own = await addFiles('a', 'b', 'c');
    const [other] = await addFiles('d');
    await memory.addDocument(tenant, { knowledgeBaseId, fileId: other! });
    const { id: batchId } = await create(plain(own));
    await indexing.fail(tenant);
    await work();
    const list = async (fields: object) => {
      const request = { knowledgeBaseId, batchId, limit: 2, order: 'asc' as const, ...fields };
      const { data, hasMore } = await memory.ask(ListFileBatchFiles, request, tenant);
      return [data.map(({ fileId }) => own.indexOf(fileId)), hasMore];
    };
    expect(await list({})).toEqual([[0, 1], true]);
    expect(await list({ after: own[1] })).toEqual([[2], false]);
    expect(await list({ status: 'completed' })).toEqual([[0, 1], true]);
    expect(await list({ status: 'failed' })).toEqual([[], false]);
  });

  it('cancels what has not completed, and leaves what others wait for to them', async () => {
    const [outside] = await addFiles('s');
    const [done, waiting, shared, joined] = await addFiles('a', 'b', 'c', 's');
    await memory.addDocument(tenant, { knowledgeBaseId, fileId: outside! });
    const batch = await create(plain([done!, waiting!, shared!, joined!]));
    const [later] = await addFiles('c');
    await memory.addDocument(tenant, { knowledgeBaseId, fileId: later! });
    const first = await indexing.claimFile(tenant, done!);
    await indexing.finish(first, ['done']);
    const running = await indexing.claimFile(tenant, waiting!);
    await indexing.write(running, ['half']);

    const cancelled = await cancel(batch.id);
    expect(cancelled).toMatchObject({ status: 'cancelled', counts: { ...NONE, completed: 1, cancelled: 3, total: 4 } });
    expect(await cancel(batch.id)).toEqual(cancelled);
    await expect(indexing.finish(running, ['half'])).rejects.toThrow('lease');
    expect([await statusOf(outside!), await statusOf(later!)]).toEqual(['queued', 'queued']);
    expect((await work()).toSorted()).toEqual([outside!, later!].toSorted());
    expect(await statusOf(shared!)).toBe('cancelled');
    expect(await indexing.footprint(tenant)).toMatchObject({ chunks: 3, embeddings: 3, lexical_totals: 3 });

    await create(plain([waiting!, shared!, joined!]));
    expect(await statusOf(joined!)).toBe('completed');
    expect(await statusOf(shared!)).toBe('completed');
    expect(await work()).toEqual([waiting]);
  });

  it('adds hundreds of files at once', async () => {
    const fileIds = await addFiles(...Array.from({ length: 500 }, (_, index) => `${index}.`));
    expect(await create(plain(fileIds))).toMatchObject({ counts: { ...NONE, inProgress: 500, total: 500 } });
  });

  it('adds the same files beside others that name them in another order', async () => {
    const fileIds = await addFiles(...Array.from({ length: 60 }, (_, index) => `${index}.`));
    const batches = await Promise.all([
      create(plain(fileIds)),
      create(plain(fileIds.toReversed())),
      create(plain(fileIds.slice(20, 40))),
    ]);
    expect(batches.map(({ counts }) => counts.total)).toEqual([60, 60, 20]);
    const { rows } = await sql.query(
      'select count(*)::int as n, count(distinct document_id)::int as documents from memory.ingestion_jobs where tenant_id = $1',
      [tenant.tenantId],
    );
    expect(rows).toEqual([{ n: 60, documents: 60 }]);
    expect(await cancel(batches[0]!.id)).toMatchObject({ counts: { cancelled: 60 } });
  });

  it('knows no batch of another tenant or knowledge base, and goes with its own', async () => {
    const { id: batchId } = await create(plain(await addFiles('a')));
    const notFound = { code: 'not_found' };
    const request = { knowledgeBaseId, batchId };
    const stranger = someTenant();
    const list = { ...request, limit: 5, order: 'asc' } as const;
    await expect(memory.ask(GetFileBatch, request, stranger)).rejects.toMatchObject(notFound);
    await expect(memory.ask(CancelFileBatch, request, stranger)).rejects.toMatchObject(notFound);
    await expect(memory.ask(ListFileBatchFiles, list, stranger)).rejects.toMatchObject(notFound);
    const files = plain(await addFiles('a'));
    await expect(memory.ask(CreateFileBatch, { id: uuidv7(), knowledgeBaseId, files }, stranger)).rejects.toMatchObject(
      notFound,
    );
    const { id: elsewhere } = await memory.createKnowledgeBase(tenant);
    await expect(memory.ask(GetFileBatch, { knowledgeBaseId: elsewhere, batchId }, tenant)).rejects.toMatchObject(
      notFound,
    );
    expect((await get(batchId)).status).toBe('in_progress');
    await memory.ask(DeleteKnowledgeBase, { id: knowledgeBaseId }, tenant);
    await expect(get(batchId)).rejects.toMatchObject(notFound);
  });
});
