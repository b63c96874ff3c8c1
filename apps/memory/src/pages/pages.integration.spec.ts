import { tmpdir } from 'node:os';
import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import {
  AddWebPages,
  type AddWebPagesRequest,
  DeleteWebPage,
  GetDocument,
  GetWebPage,
  IngestDocument,
  ListDocuments,
  ListWebPages,
  RefreshWebPage,
  ScheduleWebPage,
  Search,
  type TenantContext,
  type WebPageView,
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
import { PageRefresher } from './page-refresher.js';

describeWithServices('web pages by message', () => {
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

  const list = { limit: 20, order: 'asc' } as const;
  const notFound = { code: 'not_found' };

  async function add(urls: string[], fields: Partial<AddWebPagesRequest> = {}): Promise<WebPageView[]> {
    const request = { knowledgeBaseId, urls, attributes: {}, ...fields };
    return (await memory.ask(AddWebPages, request, tenant)).data;
  }
  const refresh = ({ fileId }: WebPageView) => memory.ask(RefreshWebPage, { knowledgeBaseId, fileId }, tenant);
  const get = ({ fileId }: WebPageView) => memory.ask(GetWebPage, { knowledgeBaseId, fileId }, tenant);
  const count = async (text: string, values: unknown[]) =>
    Number((await sql.query<{ count: string }>(`select count(*) ${text}`, values)).rows[0]!.count);
  const jobsOf = ({ fileId }: WebPageView) =>
    count('from memory.ingestion_jobs j join memory.documents d on d.id = j.document_id where d.file_id = $1', [
      fileId,
    ]);

  /** As a worker would. */
  const end = ({ fileId }: WebPageView, status: 'completed' | 'failed') =>
    sql.query(
      `with document as (update memory.documents set status = $2 where file_id = $1 returning id)
       update memory.ingestion_jobs j set status = $2, finished_at = now() from document d where j.document_id = d.id`,
      [fileId, status],
    );

  it('stores page, document, job and the command that starts it together', async () => {
    const [page] = await add(['https://Example.org:443/news#top'], { attributes: { topic: 'news' } });
    expect(page).toMatchObject({
      ...{
        url: 'https://example.org/news',
        filename: 'example.org.html',
        status: 'queued',
        error: null,
        outcome: null,
      },
      ...{ attributes: { topic: 'news' }, refreshIntervalHours: null, nextRefreshAt: null },
    });
    expect(await jobsOf(page!)).toBe(1);
    const command = `from memory.outbox o join memory.documents d on o.payload->>'documentId' = d.id::text
      where o.name = $1 and d.file_id = $2`;
    expect(await count(command, [IngestDocument.name, page!.fileId])).toBeGreaterThan(0);
    const documents = await memory.ask(ListDocuments, { ...list, knowledgeBaseId }, tenant);
    expect(documents.data).toMatchObject([{ fileId: page!.fileId, filename: 'example.org.html' }]);
  });

  it('is found with its address', async () => {
    const [page] = await add(['https://example.org/news']);
    const document = await memory.ask(GetDocument, { knowledgeBaseId, fileId: page!.fileId }, tenant);
    const worker = await StandInWorker.start(memory, database.url);
    await worker.indexNext(tenant, document, ['The harbour is closed.']);
    await worker.index(tenant, knowledgeBaseId, ['The harbour of a file that was uploaded.']);
    await worker.stop();
    const query = { knowledgeBaseIds: [knowledgeBaseId], queries: ['harbour'], maxResults: 5, scoreThreshold: 0 };
    const { hits } = await memory.ask(Search, query, tenant);
    const urls = new Map(hits.map(({ filename, url }) => [filename, url]));
    expect(urls).toEqual(
      new Map([
        ['example.org.html', 'https://example.org/news'],
        ['notes.txt', undefined],
      ]),
    );
  });

  it('takes the same address for the same page, in every spelling and however often at once', async () => {
    const spellings = ['http://example.org', 'HTTP://EXAMPLE.org:80/#a', 'http://example.org./'];
    const added = await Promise.all([add(spellings), add(spellings), add(['http://example.org/'])]);
    expect(new Set(added.flat().map(({ fileId }) => fileId)).size).toBe(1);
    expect(await jobsOf(added[0]![0]!)).toBe(1);
    const other = (await memory.createKnowledgeBase(tenant, uuidv7(), 'Other')).id;
    const [elsewhere] = await add(['http://example.org'], { knowledgeBaseId: other });
    expect(elsewhere!.fileId).not.toBe(added[0]![0]!.fileId);
  });

  it('answers in the order of the request', async () => {
    await add(['https://b.example/']);
    const pages = await add(['https://a.example/', 'https://b.example/', 'https://c.example/', 'https://a.example/']);
    expect(pages.map(({ url }) => url)).toEqual([
      ...['https://a.example/', 'https://b.example/', 'https://c.example/', 'https://a.example/'],
    ]);
  });

  it.each([
    'http://169.254.169.254/latest',
    'http://2130706433/',
    'ftp://example.org/',
    'http://example.org:8080/',
    'x',
  ])('refuses %s at once, and adds none of the others', async (url) => {
    await expect(add(['https://fine.example/', url])).rejects.toMatchObject({ code: 'url_refused', param: 'urls.1' });
    expect((await memory.ask(ListWebPages, { ...list, knowledgeBaseId }, tenant)).data).toEqual([]);
  });

  it('tries a page again that had failed, with the new wishes', async () => {
    const [page] = await add(['https://example.org/']);
    await end(page!, 'failed');
    const [again] = await add(['https://example.org/'], { attributes: { try: 2 }, refreshIntervalHours: 5 });
    expect(again).toMatchObject({
      fileId: page!.fileId,
      status: 'queued',
      attributes: { try: 2 },
      refreshIntervalHours: 5,
    });
    expect(await jobsOf(page!)).toBe(2);
  });

  it('refreshes once, however many ask at once', async () => {
    const [page] = await add(['https://example.org/'], { refreshIntervalHours: 10 });
    expect(await refresh(page!)).toMatchObject({ status: 'queued' });
    expect(await jobsOf(page!)).toBe(1);
    await end(page!, 'completed');
    await Promise.all(Array.from({ length: 5 }, () => refresh(page!)));
    expect(await jobsOf(page!)).toBe(2);
    const { nextRefreshAt } = await get(page!);
    const hours = (Date.parse(nextRefreshAt!) - Date.now()) / 3_600_000;
    expect(hours).toBeGreaterThan(9.4);
    expect(hours).toBeLessThan(10.6);
  });

  it('schedules, and stops scheduling', async () => {
    const [page] = await add(['https://example.org/']);
    const request = { knowledgeBaseId, fileId: page!.fileId };
    const scheduled = await memory.ask(ScheduleWebPage, { ...request, refreshIntervalHours: 3 }, tenant);
    expect(scheduled).toMatchObject({ refreshIntervalHours: 3, nextRefreshAt: expect.any(String) });
    const stopped = await memory.ask(ScheduleWebPage, { ...request, refreshIntervalHours: null }, tenant);
    expect(stopped).toMatchObject({ refreshIntervalHours: null, nextRefreshAt: null });
  });

  it('begins what is due, a share for each tenant, and each page once', async () => {
    const refresher = memory.app.get(PageRefresher);
    const mine = await add(
      Array.from({ length: 6 }, (_, index) => `https://example.org/${index}`),
      { refreshIntervalHours: 1 },
    );
    const [first, stranger] = [tenant, someTenant()];
    tenant = stranger;
    knowledgeBaseId = (await memory.createKnowledgeBase(tenant)).id;
    const [theirs] = await add(['https://example.com/'], { refreshIntervalHours: 1 });
    for (const page of [...mine, theirs!]) await end(page, 'completed');
    await sql.query(
      `update memory.web_pages set next_refresh_at = now() - case tenant_id when $1 then interval '1 day' else interval '1 s' end
       where tenant_id = any($2)`,
      [first.tenantId, [first.tenantId, stranger.tenantId]],
    );
    expect(await refresher.refreshDue(3)).toBe(3);
    expect(await get(theirs!)).toMatchObject({ status: 'queued' });
    const begun = await Promise.all([refresher.refreshDue(3), refresher.refreshDue(3)]);
    expect(begun.reduce((sum, each) => sum + each)).toBeLessThanOrEqual(4);
    while ((await refresher.refreshDue(3)) > 0);
    expect(await Promise.all(mine.map(jobsOf))).toEqual([2, 2, 2, 2, 2, 2]);
  });

  it('lists page by page', async () => {
    const urls = ['https://example.org/1', 'https://example.org/2', 'https://example.org/3'];
    const pages = await add(urls);
    const first = await memory.ask(ListWebPages, { ...list, limit: 2, knowledgeBaseId }, tenant);
    const ids = pages.map(({ fileId }) => fileId).toSorted();
    expect([first.data.map(({ fileId }) => fileId), first.hasMore]).toEqual([ids.slice(0, 2), true]);
    const rest = await memory.ask(ListWebPages, { ...list, after: ids[1]!, knowledgeBaseId }, tenant);
    expect([rest.data.map(({ fileId }) => fileId), rest.hasMore]).toEqual([ids.slice(2), false]);
  });

  it('deletes a page with its document, its file and what a job has fetched of it', async () => {
    const [page] = await add(['https://example.org/']);
    const { fileId } = page!;
    await sql.query(`update memory.web_pages set fetched = '{"blobKey":"tenant/fetched"}' where id = $1`, [fileId]);
    expect(await memory.ask(DeleteWebPage, { knowledgeBaseId, fileId }, tenant)).toEqual({ id: fileId, deleted: true });
    await expect(get(page!)).rejects.toMatchObject(notFound);
    expect(await count('from memory.files where id = $1', [fileId])).toBe(0);
    expect(
      await count(`from memory.outbox where payload->>'blobKey' = 'tenant/fetched' and tenant->>'tenantId' = $1`, [
        tenant.tenantId,
      ]),
    ).toBe(1);
    expect((await add(['https://example.org/']))[0]!.fileId).not.toBe(fileId);
  });

  it('shows nothing to another tenant', async () => {
    const [page] = await add(['https://example.org/']);
    const request = { knowledgeBaseId, fileId: page!.fileId };
    const stranger = someTenant();
    for (const definition of [GetWebPage, RefreshWebPage])
      await expect(memory.ask(definition, request, stranger)).rejects.toMatchObject(notFound);
    await expect(memory.ask(DeleteWebPage, request, stranger)).rejects.toMatchObject(notFound);
    const schedule = memory.ask(ScheduleWebPage, { ...request, refreshIntervalHours: 1 }, stranger);
    await expect(schedule).rejects.toMatchObject(notFound);
    await expect(memory.ask(ListWebPages, { ...list, knowledgeBaseId }, stranger)).rejects.toMatchObject(notFound);
    const adding = memory.ask(AddWebPages, { knowledgeBaseId, urls: ['https://a.example'], attributes: {} }, stranger);
    await expect(adding).rejects.toMatchObject(notFound);
    expect(await get(page!)).toMatchObject({ refreshIntervalHours: null, status: 'queued' });
  });
});
