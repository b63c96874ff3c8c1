import { createServer, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { AddWebPages, GetDocument, GetFile, GetWebPage, RefreshWebPage, type WebPageView } from '@parley/contracts';
import { describeWithServices, eventually } from '@parley/testing';
import { type IngestedDocument, IngestionSuite } from './support/ingestion-suite.js';

const PATIENCE_MS = 60_000;

const about = (thing: string) =>
  `<p>${`The ${thing} was built of grey granite, and its keeper counted ships. `.repeat(4)}</p>`.repeat(6);
const article = (thing: string, banner = '') =>
  `<html lang="en"><head><title>About the ${thing}</title></head><body><nav>Shop ${banner}</nav><article>${about(thing)}</article></body></html>`;

describeWithServices('a web page in a knowledge base', () => {
  let suite: IngestionSuite;
  let site: Server;
  let origin: string;
  let knowledgeBaseId: string;
  let asked: { url: string; etag: string | undefined }[];
  /** What the site answers. */
  let answer: { status?: number; headers?: Record<string, string>; body?: string };

  beforeAll(async () => {
    site = createServer((request, response) => {
      asked.push({ url: request.url!, etag: request.headers['if-none-match'] });
      const isKnown =
        answer.headers?.['etag'] !== undefined && request.headers['if-none-match'] === answer.headers['etag'];
      response.writeHead(isKnown ? 304 : (answer.status ?? 200), { 'content-type': 'text/html', ...answer.headers });
      response.end(isKnown ? undefined : answer.body);
    });
    await new Promise<void>((listening) => site.listen(0, '127.0.0.1', listening));
    const { port } = site.address() as AddressInfo;
    origin = `http://127.0.0.1:${port}`;
    suite = await IngestionSuite.start({
      environment: { EGRESS_PORTS: `${port}`, EGRESS_ALLOWED_CIDRS: '127.0.0.1/32', INGESTION_LEASE_MS: '10000' },
    });
  });
  beforeEach(async () => {
    [asked, answer] = [[], {}];
    knowledgeBaseId = await suite.createKnowledgeBase();
  });
  afterAll(async () => {
    await suite?.stop();
    site?.closeAllConnections();
    site?.close();
  });

  const documentOf = async ({ fileId }: WebPageView): Promise<IngestedDocument> => {
    const { id } = await suite.ask(GetDocument, { knowledgeBaseId, fileId });
    return { id, knowledgeBaseId, fileId };
  };
  const settled = async (page: WebPageView): Promise<WebPageView> => {
    await suite.settled(await documentOf(page), PATIENCE_MS);
    return suite.ask(GetWebPage, { knowledgeBaseId, fileId: page.fileId });
  };
  async function add(path = '/'): Promise<WebPageView> {
    const { data } = await suite.ask(AddWebPages, { knowledgeBaseId, urls: [origin + path], attributes: {} });
    return settled(data[0]!);
  }
  async function refresh(page: WebPageView): Promise<WebPageView> {
    return settled(await suite.ask(RefreshWebPage, { knowledgeBaseId, fileId: page.fileId }));
  }
  const textOf = async (page: WebPageView) => (await suite.chunks(await documentOf(page))).join('\n');

  it('is fetched, read as its article and named after its title', async () => {
    answer = { body: article('lighthouse') };
    const page = await add('/lighthouse');
    expect(page).toMatchObject({
      ...{ status: 'completed', error: null, outcome: 'indexed', finalUrl: `${origin}/lighthouse` },
      ...{ title: 'About the lighthouse', language: 'en', filename: 'About the lighthouse.html' },
    });
    const text = await textOf(page);
    expect(text).toContain('grey granite');
    expect(text).not.toContain('Shop');
  });

  it('that has not changed is not indexed again', async () => {
    answer = { body: article('lighthouse'), headers: { etag: '"1"' } };
    const page = await add();
    const embedded = suite.embeddedTexts().length;
    const notModified = await refresh(page);
    expect(notModified).toMatchObject({ status: 'completed', outcome: 'unchanged', fetchedAt: page.fetchedAt });
    expect(asked.at(-1)!.etag).toBe('"1"');
    answer = { body: article('lighthouse', 'today only'), headers: { etag: '"2"' } };
    const sameText = await refresh(page);
    expect(sameText).toMatchObject({ status: 'completed', outcome: 'unchanged', fetchedAt: page.fetchedAt });
    expect(Date.parse(sameText.lastCheckedAt!)).toBeGreaterThan(Date.parse(notModified.lastCheckedAt!));
    expect(suite.embeddedTexts()).toHaveLength(embedded);
    expect(await textOf(page)).toContain('lighthouse');
  });

  it('that has changed is indexed in place of what it was, and its old content goes', async () => {
    answer = { body: article('lighthouse') };
    const page = await add();
    const before = await suite.ask(GetFile, { id: page.fileId });
    answer = { body: article('windmill') };
    expect(await refresh(page)).toMatchObject({ status: 'completed', outcome: 'indexed', title: 'About the windmill' });
    const text = await textOf(page);
    expect(text).toContain('windmill');
    expect(text).not.toContain('lighthouse');
    const after = await suite.ask(GetFile, { id: page.fileId });
    expect(after).toMatchObject({ filename: 'About the windmill.html', bytes: Buffer.byteLength(answer.body!) });
    const forgotten = await suite.rows(`select from memory.outbox where payload->>'blobKey' = $1`, [before.blobKey]);
    expect(forgotten).toHaveLength(1);
  });

  it('that is gone stays searchable as it was, and says so', async () => {
    answer = { body: article('lighthouse') };
    const page = await add();
    answer = { status: 410 };
    expect(await refresh(page)).toMatchObject({ status: 'failed', error: { code: 'http_error' }, outcome: 'indexed' });
    expect(await textOf(page)).toContain('lighthouse');
    answer = { body: article('lighthouse') };
    expect(await refresh(page)).toMatchObject({ status: 'completed', error: null, outcome: 'unchanged' });
  });

  it('may be another kind of document', async () => {
    answer = { body: 'name,height\nPharos,103\n', headers: { 'content-type': 'text/plain' } };
    const page = await add('/files/towers.csv');
    expect(page).toMatchObject({ status: 'completed', filename: 'towers.csv' });
    expect(await textOf(page)).toContain('Pharos');
  });

  it.each([
    ['url_refused', { status: 302, headers: { location: 'http://169.254.169.254/latest/meta-data' } }],
    ['url_refused', { status: 302, headers: { location: 'http://127.0.0.2/' } }],
    ['http_error', { status: 404 }],
    ['unsupported', { body: 'x', headers: { 'content-type': 'image/png' } }],
    ['no_text', { body: '<script>only()</script>' }],
  ])('fails with %s', async (code, given) => {
    answer = given;
    const page = await add();
    expect(page).toMatchObject({ status: 'failed', error: { code, message: expect.stringMatching(/^[A-Z1].*\.$/) } });
    expect(await suite.jobs(await documentOf(page))).toMatchObject([{ status: 'failed', attempt: 1 }]);
  });

  it('is fetched once, however often its text has to be embedded', async () => {
    answer = { body: article('lighthouse') };
    suite.providerLink.sever();
    const { data } = await suite.ask(AddWebPages, { knowledgeBaseId, urls: [`${origin}/once`], attributes: {} });
    const document = await documentOf(data[0]!);
    await eventually(async () => expect((await suite.jobs(document))[0]!.attempt).toBeGreaterThan(1), {
      timeoutMs: PATIENCE_MS,
    });
    await suite.providerLink.restore();
    expect(await settled(data[0]!)).toMatchObject({ status: 'completed' });
    expect(asked.map(({ url }) => url)).toEqual(['/once']);
  });
});
