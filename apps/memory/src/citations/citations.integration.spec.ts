import { tmpdir } from 'node:os';
import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import {
  type CitationClaim,
  DeleteDocument,
  DeleteFile,
  type DocumentView,
  Search,
  type SearchHit,
  type TenantContext,
  VerifyCitations,
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
import { RunningMemory, someTenant } from '../fixtures/running-memory.fixture.js';
import { StandInWorker } from '../fixtures/stand-in-worker.fixture.js';

describeWithServices('citations', () => {
  let database: TestDatabase;
  let vhost: TestVhost;
  let sql: pg.Pool;
  let memory: RunningMemory;
  let worker: StandInWorker;
  let tenant: TenantContext;
  let knowledgeBaseId: string;
  let document: DocumentView;
  let hit: SearchHit;

  beforeAll(async () => {
    [database, vhost] = await Promise.all([
      createTestDatabase({ prepare: migrate, template: 'migrated' }),
      createTestVhost(),
    ]);
    sql = new pg.Pool({ connectionString: database.url, max: 2 });
    memory = await RunningMemory.start({ databaseUrl: database.url, rabbitmqUrl: vhost.url, uploadDir: tmpdir() });
    worker = await StandInWorker.start(memory, database.url);
  });
  beforeEach(async () => {
    tenant = someTenant();
    knowledgeBaseId = (await memory.createKnowledgeBase(tenant)).id;
    document = await worker.index(tenant, knowledgeBaseId, [
      { text: 'Drag grows with speed.', locator: { pageStart: 1, pageEnd: 1 } },
      { text: 'The lift of a wing\ngrows too, and the wing bends.', locator: { pageStart: 4, pageEnd: 5 } },
    ]);
    const request = { knowledgeBaseIds: [knowledgeBaseId], queries: ['lift wing'], maxResults: 1, scoreThreshold: 0 };
    hit = (await memory.ask(Search, request, tenant)).hits[0]!;
  });
  afterAll(async () => {
    await worker?.stop();
    await memory?.stop();
    await sql?.end();
    await Promise.all([database?.drop(), vhost?.drop()]);
  });

  const claim = (fields: Partial<CitationClaim> = {}): CitationClaim => ({
    fileId: hit.fileId,
    chunkId: hit.chunkId,
    quote: 'The lift of a wing\ngrows too',
    ...fields,
  });
  const verify = async (citations: CitationClaim[], who = tenant, scope?: string[]) => {
    const request = { citations, ...(scope ? { knowledgeBaseIds: scope } : {}) };
    return (await memory.ask(VerifyCitations, request, who)).citations;
  };
  const verifyOne = async (fields: Partial<CitationClaim> = {}) => (await verify([claim(fields)]))[0]!;
  /** Another version of the document, with other chunks. */
  const replace = async (texts: string[]) => {
    const jobId = uuidv7();
    await sql.query('update memory.documents set latest_version = latest_version + 1 where id = $1', [document.id]);
    await sql.query(
      `insert into memory.ingestion_jobs (id, tenant_id, document_id, version)
       select $1, tenant_id, id, latest_version from memory.documents where id = $2`,
      [jobId, document.id],
    );
    await worker.indexNext(tenant, document, texts);
  };

  it('are verified while the chunk is in the file and holds the quote, and say where', async () => {
    expect(await verifyOne()).toEqual({
      state: 'verified',
      filename: 'notes.txt',
      place: { knowledgeBaseId, chunkId: hit.chunkId, ordinal: 1, locator: { pageStart: 4, pageEnd: 5 } },
    });
    expect(await verifyOne({ locator: { pageEnd: 5, pageStart: 4 } })).toMatchObject({ state: 'verified' });
    expect(await verifyOne({ quote: 'The lift of a wing grows  too' })).toMatchObject({ state: 'verified' });
  });

  it('are not verified when the words are others, even by a little', async () => {
    for (const quote of ['The lift of a wing shrinks too', 'the lift of a wing', '', ' '])
      expect(await verifyOne({ quote })).toEqual({ state: 'changed', filename: 'notes.txt', place: null });
    const elsewhere = await verifyOne({ quote: 'Drag grows with speed.' });
    expect(elsewhere).toMatchObject({ state: 'changed', place: { ordinal: 0, locator: { pageStart: 1 } } });
  });

  it('are not verified when the chunk stands elsewhere than they say', async () => {
    const wrongPage = await verifyOne({ locator: { pageStart: 3, pageEnd: 3 } });
    expect(wrongPage).toMatchObject({ state: 'changed', place: { ordinal: 1, locator: { pageStart: 4 } } });
  });

  it('are not verified when the chunk is in another file', async () => {
    const other = await worker.index(tenant, knowledgeBaseId, ['Something else entirely.']);
    expect(await verifyOne({ fileId: other.fileId })).toMatchObject({ state: 'changed', place: null });
  });

  it('are verified under each file of the same content, which is indexed once', async () => {
    const { rows } = await sql.query('select sha256 from memory.files where id = $1', [hit.fileId]);
    const twin = await memory.registerFile(tenant, { filename: 'twin.txt', sha256: rows[0].sha256 });
    await memory.addDocument(tenant, { knowledgeBaseId, fileId: twin.id });
    expect(await verifyOne({ fileId: twin.id })).toMatchObject({
      state: 'verified',
      filename: 'twin.txt',
      place: { chunkId: hit.chunkId, ordinal: 1 },
    });
    expect(await verifyOne({ fileId: twin.id, quote: 'Drag grows' })).toMatchObject({ place: { ordinal: 0 } });
  });

  it('say that the file has changed, and where a new version says the same', async () => {
    await replace(['A new beginning.', 'Chapter two.', 'Still: The lift of a wing\ngrows too.']);
    expect(await verifyOne()).toMatchObject({ state: 'changed', place: { ordinal: 2 } });
    await replace(['Nothing of it is left.']);
    expect(await verifyOne()).toEqual({ state: 'changed', filename: 'notes.txt', place: null });
  });

  it('say that the file is gone, from the knowledge base or altogether', async () => {
    const elsewhere = (await memory.createKnowledgeBase(tenant)).id;
    expect(await verify([claim()], tenant, [elsewhere])).toEqual([{ state: 'deleted', filename: null, place: null }]);
    await memory.ask(DeleteDocument, { knowledgeBaseId, fileId: hit.fileId }, tenant);
    expect(await verifyOne()).toMatchObject({ state: 'deleted' });
    await memory.ask(DeleteFile, { id: hit.fileId }, tenant);
    expect(await verifyOne()).toEqual({ state: 'deleted', filename: null, place: null });
  });

  it('are answered one by one, in their order', async () => {
    const states = await verify([claim({ quote: 'no' }), claim(), claim({ fileId: uuidv7() })]);
    expect(states.map(({ state }) => state)).toEqual(['changed', 'verified', 'deleted']);
  });

  it('of one tenant are nothing to another', async () => {
    expect(await verify([claim()], someTenant())).toEqual([{ state: 'deleted', filename: null, place: null }]);
  });
});
