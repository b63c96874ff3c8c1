import { mkdtemp, rm, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { type BlobStore } from '@parley/blobs';
import { CountOrphans, DeleteFile, type FileView, type OrphanCounts, type TenantContext } from '@parley/contracts';
import { migrate } from '@parley/persistence';
import {
  createTestDatabase,
  createTestVhost,
  describeWithServices,
  eventually,
  type TestDatabase,
  type TestVhost,
} from '@parley/testing';
import pg from 'pg';
import { v7 as uuidv7 } from 'uuid';
import { Indexing } from '../fixtures/indexing.fixture.js';
import { RunningMemory, someTenant } from '../fixtures/running-memory.fixture.js';
import { type OrphanSweeper } from './orphan-sweeper.js';

const NONE: OrphanCounts = { chunks: 0, vectors: 0, blobs: 0, statistics: 0 };
const EMPTY = { chunks: 0, documents: 0, embeddings: 0, lexical_terms: 0, lexical_totals: 0 };

describeWithServices('orphans', () => {
  let database: TestDatabase;
  let vhost: TestVhost;
  let uploadDir: string;
  let memory: RunningMemory;
  let indexing: Indexing;
  let sql: pg.Pool;
  let blobs: BlobStore;
  let sweeper: OrphanSweeper;
  let tenant: TenantContext;
  let knowledgeBaseId: string;

  beforeAll(async () => {
    uploadDir = await mkdtemp(join(tmpdir(), 'parley-orphans-'));
    [database, vhost] = await Promise.all([
      createTestDatabase({ prepare: migrate, template: 'migrated' }),
      createTestVhost(),
    ]);
    memory = await RunningMemory.start({ databaseUrl: database.url, rabbitmqUrl: vhost.url, uploadDir });
    blobs = memory.app.get((await import('@parley/blobs')).BlobStore, { strict: false });
    sweeper = memory.app.get((await import('./orphan-sweeper.js')).OrphanSweeper, { strict: false });
    indexing = await Indexing.open(database.url);
    sql = new pg.Pool({ connectionString: database.url, max: 2 });
  });
  beforeEach(async () => {
    await sweepRound();
    tenant = someTenant();
    knowledgeBaseId = (await memory.createKnowledgeBase(tenant)).id;
  });
  afterAll(async () => {
    await sql?.end();
    await memory?.stop();
    await indexing?.close();
    await Promise.all([database?.drop(), vhost?.drop(), rm(uploadDir, { recursive: true, force: true })]);
  });

  const count = (of = tenant) => memory.ask(CountOrphans, {}, of);
  const remove = ({ id }: FileView) => memory.ask(DeleteFile, { id }, tenant);
  const contentOf = (key: string) => blobs.get(key).then((content) => content.toArray());
  const gone = (key: string) => expect(blobs.get(key)).rejects.toMatchObject({ code: 'not_found' });

  /** As many turns as these few rows and folders need, and one in which all places begin again. */
  async function sweepRound(): Promise<OrphanCounts> {
    const sum = { ...NONE };
    for (let turn = 0; turn < 12; turn++) {
      const removed = await sweeper.sweep();
      for (const kind of Object.keys(sum) as (keyof OrphanCounts)[]) sum[kind] += removed[kind];
    }
    return sum;
  }

  async function addFile(of = tenant, base = knowledgeBaseId): Promise<FileView> {
    const file = await memory.registerFile(of);
    await blobs.put(file.blobKey, Readable.from(['the original']));
    await memory.addDocument(of, { knowledgeBaseId: base, fileId: file.id });
    return file;
  }

  async function oldBlob(tenantId: string): Promise<string> {
    const key = `${tenantId}/${uuidv7()}`;
    await blobs.put(key, Readable.from(['nobody needs it']));
    const longAgo = new Date(Date.now() - 2 * 3_600_000);
    await utimes(join(uploadDir, key), longAgo, longAgo);
    return key;
  }

  async function removedByMetric(): Promise<Record<string, number>> {
    const { counter } = await import('@parley/observability');
    const { values } = await counter('parley_orphans_removed_total', '').get();
    return Object.fromEntries(values.map(({ labels, value }) => [(labels as { kind?: string }).kind, value]));
  }

  /** Chunks and vectors as a version of the document that nobody knows, or of a document that is not there. */
  async function plantVersion(fileId: string, { isOfNobody = false } = {}): Promise<void> {
    const { rows } = await sql.query<{ table_name: string }>('select table_name from memory.embedding_spaces');
    const id = isOfNobody ? 'gen_random_uuid()' : 'c.document_id';
    for (const table of ['chunks', ...rows.map(({ table_name }) => table_name)]) {
      const columns = (
        await sql.query<{ name: string }>(
          `select attname as name from pg_attribute where attrelid = $1::regclass and attnum > 0`,
          [`memory.${table}`],
        )
      ).rows.map(({ name }) => name);
      const values = columns.map((name) => ({ document_id: id, version: '99' })[name] ?? `c.${name}`);
      await sql.query(
        `insert into memory.${table} (${columns.join(', ')}) select ${values.join(', ')} from memory.${table} c
         join memory.documents d on d.id = c.document_id and d.active_version = c.version where d.file_id = $1`,
        [fileId],
      );
    }
  }

  it('are not left by a file that is deleted: no rows, vectors, lexical rows, statistics or original', async () => {
    const file = await addFile();
    await indexing.work(tenant, ['one chunk about glaciers', 'another about rivers']);
    expect(await indexing.footprint(tenant)).toMatchObject({ chunks: 2, embeddings: 2, lexical_totals: 2 });
    expect(await contentOf(file.blobKey)).toHaveLength(1);
    await remove(file);
    expect(await indexing.footprint(tenant)).toEqual(EMPTY);
    await eventually(() => gone(file.blobKey));
    expect(await count()).toEqual(NONE);
    expect(await sweepRound()).toEqual(NONE);
  });

  it('are not left by a file that is deleted while a worker writes its version', async () => {
    const file = await addFile();
    const lease = await indexing.claimFile(tenant, file.id);
    await indexing.write(lease, ['written before']);
    const writes = [1, 2, 3, 4].map(() => indexing.write(lease, ['written', 'meanwhile']));
    const [, ...written] = await Promise.allSettled([remove(file), ...writes]);
    expect(written).toHaveLength(4);
    await expect(indexing.write(lease, ['written', 'after'])).rejects.toMatchObject({ name: 'LeaseLostError' });
    expect(await indexing.footprint(tenant)).toEqual(EMPTY);
    await eventually(() => gone(file.blobKey));
    expect(await count()).toEqual(NONE);
    expect(await sweepRound()).toEqual(NONE);
  });

  it('of each kind are counted, removed and counted in the metric, once, and live data stays', async () => {
    const stranger = someTenant();
    const strangers = (await memory.createKnowledgeBase(stranger)).id;
    const theirs = await addFile(stranger, strangers);
    await indexing.work(stranger, ['what belongs to another tenant']);
    const mine = await addFile();
    await indexing.work(tenant, ['a chunk about glaciers', 'and one about rivers']);
    const before = await Promise.all([indexing.footprint(tenant), indexing.footprint(stranger)]);

    await plantVersion(mine.id);
    await plantVersion(mine.id, { isOfNobody: true });
    const key = await oldBlob(tenant.tenantId);
    await sql.query(
      `insert into memory.lexical_terms (tenant_id, knowledge_base_id, term, chunks)
       values ($1, $2, 'glacier', 7), ($1, $2, 'nowhere', 1)`,
      [tenant.tenantId, knowledgeBaseId],
    );
    await sql.query(
      `insert into memory.lexical_totals (tenant_id, knowledge_base_id, language, chunks, length)
       values ($1, $2, 'en', 3, 30)`,
      [tenant.tenantId, uuidv7()],
    );

    const planted = { chunks: 4, vectors: 4, blobs: 1, statistics: 2 };
    expect(await count()).toEqual(planted);
    expect(await count(stranger)).toEqual(NONE);
    const metricBefore = await removedByMetric();
    expect(await sweepRound()).toEqual(planted);
    const metric = await removedByMetric();
    for (const [kind, n] of Object.entries(planted)) expect(metric[kind]! - (metricBefore[kind] ?? 0)).toBe(n);

    await gone(key);
    expect(await count()).toEqual(NONE);
    expect(await sweepRound()).toEqual(NONE);
    expect(await Promise.all([indexing.footprint(tenant), indexing.footprint(stranger)])).toEqual(before);
    for (const file of [mine, theirs]) expect(await contentOf(file.blobKey)).toHaveLength(1);
    expect(await indexing.find(tenant, knowledgeBaseId, 'glaciers')).toMatchObject([{ fileId: mine.id }]);
  });

  it('are not what is being written, what was just uploaded, or what another installation keeps in the store', async () => {
    const file = await addFile();
    const lease = await indexing.claimFile(tenant, file.id);
    await indexing.write(lease, ['written', 'not yet searched']);
    const fresh = `${tenant.tenantId}/${uuidv7()}`;
    await blobs.put(fresh, Readable.from(['its row comes in a moment']));
    const foreign = await oldBlob(uuidv7());
    expect(await count()).toEqual(NONE);
    expect(await sweepRound()).toEqual(NONE);
    for (const key of [fresh, foreign]) expect(await contentOf(key)).toHaveLength(1);
    await indexing.finish(lease, ['written', 'not yet searched']);
    expect(await indexing.footprint(tenant)).toMatchObject({ chunks: 2, embeddings: 2 });
  });

  it('are removed once by sweepers beside each other', async () => {
    const file = await addFile();
    await indexing.work(tenant, ['a chunk about glaciers']);
    const { OrphansRepository } = await import('./orphans.repository.js');
    const repository = memory.app.get(OrphansRepository, { strict: false });
    await plantVersion(file.id);
    await sql.query(
      `update memory.lexical_totals set chunks = chunks + 5 where tenant_id = $1 and knowledge_base_id = $2`,
      [tenant.tenantId, knowledgeBaseId],
    );
    const turns = await Promise.all(
      [1, 2, 3].flatMap(() => [repository.removeVersions('chunks', null), repository.repairStatistics(null)]),
    );
    expect(turns.reduce((sum, { removed }) => sum + removed, 0)).toBe(2);
    expect(await sweepRound()).toEqual({ ...NONE, vectors: 1 });
    expect(await count()).toEqual(NONE);
  });
});
