import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  AddWebPages,
  DeleteWebPage,
  DomainError,
  formatId,
  GetWebPage,
  ListWebPages,
  RefreshWebPage,
  ScheduleWebPage,
  type WebPageView,
} from '@parley/contracts';
import { createRoutesApp, type RoutesApp } from '../fixtures/routes.fixture.js';

const BASE = '0198c0de-0000-7000-8000-00000000b001';
const FILE = '0198c0de-0000-7000-8000-00000000f001';
const FILE_ID = formatId('file', FILE);
const CREATED = '2026-01-02T03:04:05.678Z';

const page = (fields: Partial<WebPageView> = {}): WebPageView => ({
  fileId: FILE,
  knowledgeBaseId: BASE,
  filename: 'example.org.html',
  status: 'queued',
  error: null,
  progressPercent: 0,
  chunkCount: 0,
  usageBytes: 0,
  attributes: {},
  createdAt: CREATED,
  url: 'https://example.org/',
  finalUrl: null,
  title: null,
  byline: null,
  language: null,
  publishedAt: null,
  outcome: null,
  fetchedAt: null,
  lastCheckedAt: null,
  refreshIntervalHours: null,
  nextRefreshAt: null,
  ...fields,
});

describe('/api/v1/knowledge-bases/{id}/urls', () => {
  let app: RoutesApp;

  beforeAll(async () => void (app = await createRoutesApp()));
  beforeEach(() => app.bus.reset());
  afterAll(() => app.close());

  async function call(method: string, path = '', body?: unknown): Promise<{ status: number; body: unknown }> {
    const response = await fetch(`${app.url}/api/v1/knowledge-bases/${formatId('knowledgeBase', BASE)}/urls${path}`, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    });
    return { status: response.status, body: await response.json() };
  }

  it('accepts one address, to be fetched later', async () => {
    app.bus.on(AddWebPages, () => ({ data: [page()] }));
    const { status, body } = await call('POST', '', {
      url: 'https://example.org',
      attributes: { topic: 'news' },
      chunking_strategy: { type: 'static', static: { max_chunk_size_tokens: 200, chunk_overlap_tokens: 20 } },
      refresh_interval_hours: 24,
    });
    expect([status, body]).toMatchObject([
      202,
      { id: FILE_ID, object: 'knowledge_base.url', status: 'queued', url: 'https://example.org/', last_error: null },
    ]);
    expect(app.bus.asked(AddWebPages)).toEqual([
      {
        knowledgeBaseId: BASE,
        urls: ['https://example.org'],
        attributes: { topic: 'news' },
        chunking: { maxChunkSizeTokens: 200, chunkOverlapTokens: 20 },
        refreshIntervalHours: 24,
      },
    ]);
  });

  it('accepts several, and answers with all of them', async () => {
    app.bus.on(AddWebPages, ({ urls }) => ({ data: urls.map((url) => page({ url })) }));
    const urls = ['https://example.org/a', 'https://example.org/b'];
    const { body } = await call('POST', '', { urls });
    expect(body).toMatchObject({ object: 'list', data: urls.map((url) => ({ url })) });
  });

  it.each([
    ['nothing', {}],
    ['both', { url: 'https://a.example', urls: ['https://b.example'] }],
    ['no addresses', { urls: [] }],
    ['too many', { urls: Array.from({ length: 101 }, (_, index) => `https://example.org/${index}`) }],
    ['an address that is no text', { url: 7 }],
    ['an endless address', { url: `https://example.org/${'x'.repeat(9_000)}` }],
    ['an interval of nothing', { url: 'https://a.example', refresh_interval_hours: 0 }],
    ['an interval beyond a year', { url: 'https://a.example', refresh_interval_hours: 10_000 }],
  ])('refuses %s', async (_what, body) => {
    const answer = await call('POST', '', body);
    expect(answer).toMatchObject({ status: 400, body: { code: 'invalid_request' } });
    expect(app.bus.requests).toEqual([]);
  });

  it.each([
    [{ url: 'http://10.0.0.1' }, 'urls.0', 'url'],
    [{ urls: ['https://a.example', 'http://10.0.0.1'] }, 'urls.1', 'urls.1'],
  ])('names the address that is refused', async (body, param, shown) => {
    app.bus.on(AddWebPages, () => {
      throw new DomainError('url_refused', '10.0.0.1 is not an address of the public internet.', { param });
    });
    const answer = await call('POST', '', body);
    expect(answer).toMatchObject({ status: 400, body: { code: 'url_refused' } });
    expect(JSON.stringify(answer.body)).toContain(`"${shown}"`);
  });

  it('shows what came of a page', async () => {
    const error = { code: 'http_error', message: 'The server answered with status 404.' } as const;
    const view = page({ status: 'failed', error, outcome: 'indexed', title: 'News', lastCheckedAt: CREATED });
    app.bus.on(GetWebPage, () => view).on(ListWebPages, () => ({ data: [view], hasMore: false }));
    const shown = {
      status: 'failed',
      last_error: error,
      outcome: 'indexed',
      title: 'News',
      last_checked_at: 1767323045,
    };
    expect((await call('GET', `/${FILE_ID}`)).body).toMatchObject(shown);
    expect((await call('GET', `?limit=5&after=${FILE_ID}`)).body).toMatchObject({ data: [shown], has_more: false });
    expect(app.bus.asked(ListWebPages)).toEqual([{ knowledgeBaseId: BASE, limit: 5, order: 'desc', after: FILE }]);
  });

  it('refreshes, schedules and deletes', async () => {
    app.bus
      .on(RefreshWebPage, () => page())
      .on(ScheduleWebPage, ({ refreshIntervalHours }) => page({ refreshIntervalHours }))
      .on(DeleteWebPage, () => ({ id: FILE, deleted: true }));
    expect(await call('POST', `/${FILE_ID}/refresh`)).toMatchObject({ status: 202, body: { id: FILE_ID } });
    for (const refresh_interval_hours of [12, null])
      expect((await call('POST', `/${FILE_ID}`, { refresh_interval_hours })).body).toMatchObject({
        refresh_interval_hours,
      });
    expect((await call('POST', `/${FILE_ID}`, {})).status).toBe(400);
    expect((await call('DELETE', `/${FILE_ID}`)).body).toMatchObject({ id: FILE_ID, deleted: true });
    expect(app.bus.asked(DeleteWebPage)).toEqual([{ knowledgeBaseId: BASE, fileId: FILE }]);
  });

  it('does not know what is no id', async () => {
    expect((await call('GET', '/page-1')).status).toBe(404);
  });
});
