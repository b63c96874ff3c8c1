import { tmpdir } from 'node:os';
import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import {
  AddDocument,
  type Attributes,
  DeleteDocument,
  DeleteFile,
  type DocumentView,
  GetDocument,
  GetDocumentContent,
  GetKnowledgeBase,
  ListDocuments,
  ReplaceFileContent,
  type TenantContext,
  UpdateDocument,
} from '@parley/contracts';
import { migrate } from '@parley/persistence';
import {
  createTestDatabase,
  createTestVhost,
  describeWithServices,
  type TestDatabase,
  type TestVhost,
} from '@parley/testing';
import { Indexing } from '../fixtures/indexing.fixture.js';
import { RunningMemory, someTenant } from '../fixtures/running-memory.fixture.js';

const page = { limit: 100, order: 'asc' } as const;
const contentOf = (letter: string) => letter.repeat(64);
const A = contentOf('a');
const B = contentOf('b');

describeWithServices('the same content in a knowledge base', () => {
  let database: TestDatabase;
  let vhost: TestVhost;
  let memory: RunningMemory;
  let indexing: Indexing;
  let tenant: TenantContext;
  let knowledgeBaseId: string;

  beforeAll(async () => {
    [database, vhost] = await Promise.all([
      createTestDatabase({ prepare: migrate, template: 'migrated' }),
      createTestVhost(),
    ]);
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
    await Promise.all([database?.drop(), vhost?.drop()]);
  });

  const addFile = async (sha256: string) => (await memory.registerFile(tenant, { sha256 })).id;
  const attach = (fileId: string, fields: { attributes?: Attributes } = {}) =>
    memory.addDocument(tenant, { knowledgeBaseId, fileId, ...fields });
  const add = async (sha256: string, fields = {}) => attach(await addFile(sha256), fields);
  const get = ({ fileId }: { fileId: string }) => memory.ask(GetDocument, { knowledgeBaseId, fileId }, tenant);
  const detach = ({ fileId }: { fileId: string }) => memory.ask(DeleteDocument, { knowledgeBaseId, fileId }, tenant);
  const content = async ({ fileId }: { fileId: string }) =>
    (await memory.ask(GetDocumentContent, { knowledgeBaseId, fileId }, tenant)).content;
  const replace = (fileId: string, sha256: string) =>
    memory.ask(
      ReplaceFileContent,
      { fileId, sha256, blobKey: `${tenant.tenantId}/${sha256}-new`, bytes: 7, contentType: 'text/plain' },
      tenant,
    );
  /** Does what waits, as the worker would, and tells whose jobs it were. */
  const work = (texts = ['one common text', 'and its end']) => indexing.work(tenant, texts);
  const found = async (filter?: object) =>
    (await indexing.find(tenant, knowledgeBaseId, 'common', filter)).map(({ fileId, text }) => [fileId, text]);
  const chunks = () => indexing.footprint(tenant);
  const ONE_INDEX = { chunks: 2, embeddings: 2, lexical_totals: 2 };

  it('is indexed once, and every file of it is shown as far as that', async () => {
    const first = await add(A);
    const second = await add(A);
    expect(second).toMatchObject({ status: 'queued', progressPercent: 0 });
    expect(await work()).toEqual([first.fileId]);
    expect(await chunks()).toMatchObject(ONE_INDEX);
    const { id: _first, fileId: _own, createdAt: _one, ...state } = await get(first);
    expect(await get(second)).toMatchObject(state);
    expect(state).toMatchObject({ status: 'completed', chunkCount: 2 });
    expect(await found()).toEqual([[first.fileId, 'one common text']]);
    expect(await content(second)).toEqual(['one common text', 'and its end']);
    const { counts, usageBytes } = await memory.ask(GetKnowledgeBase, { id: knowledgeBaseId }, tenant);
    expect(counts).toMatchObject({ completed: 2, inProgress: 0, total: 2 });
    expect(usageBytes).toBe(state.usageBytes);
    const list = (status: 'completed' | 'in_progress') =>
      memory.ask(ListDocuments, { ...page, knowledgeBaseId, status }, tenant);
    expect((await list('completed')).data.map(({ fileId }) => fileId)).toEqual([first.fileId, second.fileId]);
    expect((await list('in_progress')).data).toEqual([]);
  });

  it('is indexed once when it is attached at the same moment', async () => {
    const files = await Promise.all(Array.from({ length: 8 }, () => addFile(A)));
    await Promise.all(files.map((fileId) => attach(fileId)));
    expect(await work()).toHaveLength(1);
    expect(await chunks()).toMatchObject({ ...ONE_INDEX, documents: 8 });
  });

  it('is indexed apart for other attributes, another chunking and another knowledge base', async () => {
    await add(A, { attributes: { year: 1 } });
    await add(A, { attributes: { year: 2 } });
    await add(A, { attributes: { year: 1 }, chunking: { maxChunkSizeTokens: 200, chunkOverlapTokens: 0 } });
    const { id } = await memory.createKnowledgeBase(tenant);
    await memory.addDocument(tenant, { knowledgeBaseId: id, fileId: await addFile(A), attributes: { year: 1 } });
    expect(await work()).toHaveLength(4);
    expect(await found({ type: 'eq', key: 'year', value: 2 })).toHaveLength(1);
  });

  it.each(['detached', 'deleted'] as const)('goes on to the next file when the first is %s', async (how) => {
    const [first, second, third] = [await add(A), await add(A), await add(A)];
    await work();
    if (how === 'detached') await detach(first);
    else await memory.ask(DeleteFile, { id: first.fileId }, tenant);
    expect(await found()).toEqual([[second.fileId, 'one common text']]);
    await expect(get(first)).rejects.toMatchObject({ code: 'not_found' });
    await detach(third);
    expect(await found()).toEqual([[second.fileId, 'one common text']]);
    expect(await chunks()).toMatchObject({ ...ONE_INDEX, documents: 1 });
    await detach(second);
    expect(await chunks()).toEqual({ chunks: 0, embeddings: 0, lexical_terms: 0, lexical_totals: 0, documents: 0 });
    expect(await work()).toEqual([]);
  });

  it('is begun again when the file goes that a worker is reading', async () => {
    const first = await add(A);
    const second = await add(A);
    const lease = await indexing.claimNext(tenant);
    await memory.ask(DeleteFile, { id: first.fileId }, tenant);
    await expect(indexing.finish(lease!, ['late'])).rejects.toThrow('lease');
    const superseded = { number: 1, stage: 'parsing', outcome: 'superseded', isOver: true };
    expect(await indexing.attempts(tenant, lease!)).toEqual([superseded]);
    expect(await get(second)).toMatchObject({ status: 'queued' });
    expect(await work()).toEqual([second.fileId]);
    expect(await chunks()).toMatchObject({ ...ONE_INDEX, documents: 1 });
  });

  it('is never left out of a search while the first of its files goes', async () => {
    const documents: DocumentView[] = [];
    for (let index = 0; index < 8; index++) documents.push(await add(A));
    await work();
    let isDone = false;
    const seen = new Set<number>();
    const searching = (async () => {
      while (!isDone) seen.add((await found()).length);
    })();
    for (const document of documents.slice(0, 7)) await detach(document);
    isDone = true;
    await searching;
    expect([...seen]).toEqual([1]);
  });

  it('gets chunks of its own when the attributes change, of whichever file', async () => {
    const wish = { attributes: { year: 1 } };
    const [first, second, third] = [await add(A, wish), await add(A, wish), await add(A, wish)];
    await work();
    const change = (document: DocumentView, year: number) =>
      memory.ask(UpdateDocument, { ...document, attributes: { year } }, tenant);
    expect(await change(second, 2)).toMatchObject({ status: 'queued', attributes: { year: 2 } });
    expect(await change(first, 3)).toMatchObject({ status: 'queued', attributes: { year: 3 } });
    const ofYear = (value: number) => found({ type: 'eq', key: 'year', value });
    expect(await ofYear(1)).toEqual([[third.fileId, 'one common text']]);
    expect((await work()).sort()).toEqual([first.fileId, second.fileId].sort());
    expect(await ofYear(2)).toEqual([[second.fileId, 'one common text']]);
    expect(await ofYear(3)).toEqual([[first.fileId, 'one common text']]);
    await change(third, 2);
    expect(await ofYear(1)).toEqual([]);
    expect(await ofYear(2)).toEqual([[second.fileId, 'one common text']]);
    expect(await get(third)).toMatchObject({ status: 'completed', attributes: { year: 2 } });
    expect(await chunks()).toMatchObject({ chunks: 4 });
  });

  it('does not hang on to an attempt that failed', async () => {
    const first = await add(A);
    const second = await add(A);
    await indexing.fail(tenant);
    expect((await get(second)).status).toBe('failed');
    const third = await add(A);
    expect(third.status).toBe('queued');
    expect(await attach(second.fileId)).toMatchObject({ status: 'queued' });
    expect(await attach(first.fileId)).toMatchObject({ status: 'queued' });
    expect(await work()).toEqual([third.fileId]);
    for (const document of [first, second, third]) expect(await get(document)).toMatchObject({ status: 'completed' });
    expect(await chunks()).toMatchObject(ONE_INDEX);
  });

  it('is tried again for all its files when one is added again', async () => {
    const first = await add(A);
    const second = await add(A);
    await indexing.fail(tenant);
    expect(await attach(first.fileId)).toMatchObject({ status: 'queued' });
    expect(await get(second)).toMatchObject({ status: 'queued', error: null });
    expect(await work()).toEqual([first.fileId]);
    expect(await get(second)).toMatchObject({ status: 'completed' });
  });

  it('parts when one of its files gets new content, of which searches find the old or the new', async () => {
    const [first, second] = [await add(A), await add(A)];
    await work();
    expect(await replace(first.fileId, B)).toMatchObject({ changed: true, file: { sha256: B } });
    expect(await get(first)).toMatchObject({ status: 'queued', chunkCount: 2 });
    expect(await content(first)).toEqual(['one common text', 'and its end']);
    expect(await found()).toEqual([[second.fileId, 'one common text']]);
    await work(['another common text']);
    expect((await found()).sort()).toEqual(
      [
        [first.fileId, 'another common text'],
        [second.fileId, 'one common text'],
      ].sort(),
    );
    expect(await content(first)).toEqual(['another common text']);
    await detach(second);
    expect(await found()).toEqual([[first.fileId, 'another common text']]);
  });

  it('keeps the old content searchable for a file whose new content is not ready when the others go', async () => {
    const [first, second] = [await add(A), await add(A)];
    await work();
    await replace(first.fileId, B);
    await detach(second);
    expect(await found()).toEqual([[first.fileId, 'one common text']]);
    expect(await get(first)).toMatchObject({ status: 'queued' });
    expect(await work(['another common text'])).toEqual([first.fileId]);
    expect(await found()).toEqual([[first.fileId, 'another common text']]);
    expect(await chunks()).toMatchObject({ chunks: 1, embeddings: 1, documents: 1 });
  });

  it('is not indexed again for a file whose new content is there already', async () => {
    const [first, second] = [await add(A), await add(B)];
    await work();
    await replace(first.fileId, B);
    expect(await work()).toEqual([]);
    expect(await found()).toEqual([[second.fileId, 'one common text']]);
    expect(await get(first)).toMatchObject({ status: 'completed', chunkCount: 2 });
    expect(await chunks()).toMatchObject({ ...ONE_INDEX, documents: 2 });
  });

  it('knows no content of another tenant', async () => {
    await add(A);
    const stranger = someTenant();
    const { id } = await memory.createKnowledgeBase(stranger);
    const file = await memory.registerFile(stranger, { sha256: A });
    await memory.ask(AddDocument, { knowledgeBaseId: id, fileId: file.id, attributes: {} }, stranger);
    expect(await indexing.work(stranger, ['theirs'])).toEqual([file.id]);
    const request = { fileId: file.id, sha256: B, blobKey: 'x', bytes: 1, contentType: 'text/plain' };
    await expect(memory.ask(ReplaceFileContent, request, tenant)).rejects.toMatchObject({ code: 'not_found' });
  });
});
