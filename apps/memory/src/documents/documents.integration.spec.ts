import { tmpdir } from 'node:os';
import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import {
  AddDocument,
  DeleteDocument,
  DeleteFile,
  type DocumentView,
  GetDocument,
  GetDocumentContent,
  GetFile,
  ListDocuments,
  type TenantContext,
  UpdateDocument,
} from '@parley/contracts';
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
import { RunningMemory, someTenant } from '../fixtures/running-memory.fixture.js';

describeWithServices('documents by message', () => {
  let database: TestDatabase;
  let vhost: TestVhost;
  let sql: pg.Pool;
  let memory: RunningMemory;
  let tenant: TenantContext;
  let knowledgeBaseId: string;

  beforeAll(async () => {
    [database, vhost] = await Promise.all([
      createTestDatabase({ prepare: migrate, template: 'migrated' }),
      createTestVhost(),
    ]);
    sql = new pg.Pool({ connectionString: database.url, max: 2 });
    memory = await RunningMemory.start({ databaseUrl: database.url, rabbitmqUrl: vhost.url, uploadDir: tmpdir() });
  });
  beforeEach(async () => {
    tenant = someTenant();
    knowledgeBaseId = (await memory.createKnowledgeBase(tenant)).id;
  });
  afterAll(async () => {
    await memory?.stop();
    await sql?.end();
    await Promise.all([database?.drop(), vhost?.drop()]);
  });

  const page = { limit: 20, order: 'asc' } as const;
  const notFound = { code: 'not_found', message: 'No such file in this vector store.' };
  const addNew = async (fields: object = {}) => {
    const { id: fileId } = await memory.registerFile(tenant);
    return memory.addDocument(tenant, { knowledgeBaseId, fileId, ...fields });
  };
  const rowsOf = async (text: string, values: unknown[]) => (await sql.query(text, values)).rows as { id: string }[];
  const jobsOf = ({ id }: DocumentView) =>
    rowsOf('select status, version from memory.ingestion_jobs where document_id = $1 order by version', [id]);
  const commandsFor = ({ id }: DocumentView) =>
    rowsOf(`select id from memory.outbox where payload->>'documentId' = $1`, [id]);
  const end = (document: DocumentView, status: 'completed' | 'failed') =>
    sql.query(
      `with job as (
         update memory.ingestion_jobs set status = $2, finished_at = now() where document_id = $1 returning document_id
       )
       update memory.documents d set status = $2, error_code = 'corrupt', error_message = 'It is broken.'
       from job where d.id = job.document_id`,
      [document.id, status],
    );

  it('adds a file once, with one job and one command, however often it is told to', async () => {
    const { id: fileId } = await memory.registerFile(tenant, { filename: 'plan.md' });
    const request = { knowledgeBaseId, fileId, attributes: { year: 2024, final: true } };
    const [first, ...others] = await Promise.all([1, 2, 3, 4].map(() => memory.ask(AddDocument, request, tenant)));
    expect(first).toEqual({
      id: expect.any(String),
      fileId,
      knowledgeBaseId,
      filename: 'plan.md',
      status: 'queued',
      error: null,
      progressPercent: 0,
      chunkCount: 0,
      usageBytes: 0,
      attributes: { year: 2024, final: true },
      chunking: null,
      createdAt: expect.stringMatching(/Z$/),
    });
    for (const other of others) expect(other).toEqual(first);
    expect(await jobsOf(first!)).toEqual([{ status: 'queued', version: 1 }]);
    expect(await commandsFor(first!)).toHaveLength(1);
  });

  it('tries a failed document again when it is added again, once, with the new wishes', async () => {
    const document = await addNew({ attributes: { draft: true } });
    await end(document, 'failed');
    const view = await memory.ask(GetDocument, document, tenant);
    expect(view).toMatchObject({ status: 'failed', error: { code: 'corrupt', message: 'It is broken.' } });

    const chunking = { maxChunkSizeTokens: 200, chunkOverlapTokens: 100 };
    const request = { knowledgeBaseId, fileId: document.fileId, attributes: {}, chunking };
    const again = await Promise.all([1, 2, 3].map(() => memory.ask(AddDocument, request, tenant)));
    for (const other of again)
      expect(other).toMatchObject({ id: document.id, status: 'queued', error: null, attributes: {}, chunking });
    expect(await jobsOf(document)).toEqual([
      { status: 'failed', version: 1 },
      { status: 'queued', version: 2 },
    ]);
    expect(await commandsFor(document)).toHaveLength(2);
  });

  it('leaves a document that is there already as it is', async () => {
    const document = await addNew({ attributes: { year: 2024 } });
    await end(document, 'completed');
    const again = await memory.addDocument(tenant, {
      knowledgeBaseId,
      fileId: document.fileId,
      attributes: { year: 1999 },
    });
    expect(again).toMatchObject({ id: document.id, status: 'completed', attributes: { year: 2024 } });
    expect(await jobsOf(document)).toHaveLength(1);
  });

  it('says what is missing, and what is wrong', async () => {
    const { id: fileId } = await memory.registerFile(tenant);
    const add = (fields: object) => memory.addDocument(tenant, { knowledgeBaseId, fileId, ...fields });
    const absent = uuidv7();
    await expect(add({ fileId: absent })).rejects.toMatchObject({ code: 'not_found', param: 'file_id' });
    await expect(add({ knowledgeBaseId: absent })).rejects.toMatchObject({
      code: 'not_found',
      param: 'vector_store_id',
    });
    const chunking = { maxChunkSizeTokens: 200, chunkOverlapTokens: 101 };
    await expect(add({ chunking })).rejects.toMatchObject({ code: 'invalid_request', param: 'chunking_strategy' });
    const { id: foreignFile } = await memory.registerFile(someTenant());
    await expect(add({ fileId: foreignFile })).rejects.toMatchObject({ code: 'not_found', param: 'file_id' });
  });

  it('shows the documents page by page, by their files, and by status', async () => {
    const documents = [await addNew(), await addNew(), await addNew(), await addNew()];
    const fileIds = documents.map(({ fileId }) => fileId);
    const list = async (fields: object) => {
      const { data, hasMore } = await memory.ask(ListDocuments, { ...page, knowledgeBaseId, ...fields }, tenant);
      return [data.map(({ fileId }) => fileIds.indexOf(fileId)), hasMore];
    };
    expect(await list({ limit: 3 })).toEqual([[0, 1, 2], true]);
    expect(await list({ limit: 3, after: fileIds[2] })).toEqual([[3], false]);
    expect(await list({ before: fileIds[2] })).toEqual([[0, 1], false]);
    expect(await list({ after: fileIds[0], before: fileIds[3] })).toEqual([[1, 2], false]);
    expect(await list({ order: 'desc', after: fileIds[2] })).toEqual([[1, 0], false]);

    await end(documents[1]!, 'completed');
    expect(await list({ status: 'completed' })).toEqual([[1], false]);
    expect(await list({ status: 'in_progress' })).toEqual([[0, 2, 3], false]);
    expect(await list({ status: 'in_progress', after: fileIds[1] })).toEqual([[2, 3], false]);

    await expect(list({ after: uuidv7() })).rejects.toMatchObject({ code: 'invalid_request', param: 'after' });
    await expect(list({ knowledgeBaseId: uuidv7() })).rejects.toMatchObject({
      code: 'not_found',
      param: 'vector_store_id',
    });
  });

  it('replaces attributes, detaches once, and leaves the file', async () => {
    const document = await addNew({ attributes: { year: 2024 } });
    const changed = await memory.ask(UpdateDocument, { ...document, attributes: { topic: 'x' } }, tenant);
    expect(changed).toEqual({ ...document, attributes: { topic: 'x' } });
    const outcomes = await Promise.allSettled([1, 2, 3].map(() => memory.ask(DeleteDocument, document, tenant)));
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    await expect(memory.ask(GetDocument, document, tenant)).rejects.toMatchObject(notFound);
    await expect(memory.ask(DeleteDocument, document, tenant)).rejects.toMatchObject(notFound);
    expect(await memory.ask(GetFile, { id: document.fileId }, tenant)).toMatchObject({ id: document.fileId });
    expect(await jobsOf(document)).toEqual([]);
  });

  it('knows no document of another tenant', async () => {
    const document = await addNew();
    const stranger = someTenant();
    await expect(memory.ask(GetDocument, document, stranger)).rejects.toMatchObject(notFound);
    await expect(memory.ask(GetDocumentContent, document, stranger)).rejects.toMatchObject(notFound);
    await expect(memory.ask(UpdateDocument, document, stranger)).rejects.toMatchObject(notFound);
    await expect(memory.ask(DeleteDocument, document, stranger)).rejects.toMatchObject(notFound);
    const list = memory.ask(ListDocuments, { ...page, knowledgeBaseId }, stranger);
    await expect(list).rejects.toMatchObject({ code: 'not_found', param: 'vector_store_id' });
    expect(await memory.ask(GetDocument, document, tenant)).toEqual(document);
  });

  it('gives the parsed text in order, unless it is more than a message carries', async () => {
    const document = await addNew();
    expect(await memory.ask(GetDocumentContent, document, tenant)).toMatchObject({
      filename: 'notes.txt',
      content: [],
    });
    await sql.query('update memory.documents set usage_bytes = $2 where id = $1', [document.id, 9 * 2 ** 20]);
    await expect(memory.ask(GetDocumentContent, document, tenant)).rejects.toMatchObject({ code: 'file_too_large' });
  });

  it('adds and removes the same file at the same time without leaving half a document', async () => {
    const { id: fileId } = await memory.registerFile(tenant);
    const request = { knowledgeBaseId, fileId };
    const turns = Array.from({ length: 24 }, (_, turn) =>
      turn % 2 ? memory.ask(DeleteDocument, request, tenant) : memory.addDocument(tenant, request),
    );
    for (const outcome of await Promise.allSettled(turns)) {
      if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject(notFound);
    }
    await memory.ask(DeleteFile, { id: fileId }, tenant);
    const left = await rowsOf(
      'select id from memory.ingestion_jobs where tenant_id = $1 union select id from memory.documents where tenant_id = $1',
      [tenant.tenantId],
    );
    expect(left).toEqual([]);
    const blobs = `select id from memory.outbox where payload->>'blobKey' = $1`;
    await eventually(async () => expect(await rowsOf(blobs, [`${tenant.tenantId}/${fileId}`])).toHaveLength(1));
  });
});
