import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { GetStreamingStatistics, GetUsageStatistics, type StreamingStatistics, type UsageRow } from '@parley/contracts';
import { createRoutesApp, type RoutesApp, TENANT } from '../fixtures/routes.fixture.js';
import { usedToday } from '../health/status.view.js';
import { streamingHealth } from './streaming.view.js';

const STATISTICS: StreamingStatistics = {
  windowSeconds: 300,
  active: 7,
  completed: 90,
  cancelled: 4,
  failed: 5,
  interrupted: 1,
  firstTokenMs: { average: 812.4, p50: 700, p95: 1_900.5 },
  totalMs: { average: 4_000, p50: 3_000, p95: 9_000 },
  tokensPerSecond: 41.26,
  errors: [{ code: 'provider_error', count: 5 }],
};

describe('statistics', () => {
  let app: RoutesApp;

  beforeAll(async () => {
    app = await createRoutesApp();
  });
  afterAll(() => app.close());
  beforeEach(() => app.bus.reset());

  const get = async (path: string) => {
    const response = await fetch(app.url + path);
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  };

  it('tell how answers fare over all replicas', async () => {
    app.bus.on(GetStreamingStatistics, () => STATISTICS);
    expect((await get('/api/metrics/streaming/summary?window_seconds=600')).body).toEqual({
      window_seconds: 300,
      active_streams: 7,
      total: 100,
      success_rate: 0.94,
      average_latency_ms: 812,
      error_count: 6,
    });
    expect(app.bus.asked(GetStreamingStatistics)).toEqual([{ windowSeconds: 600 }]);
    expect((await get('/api/metrics/streaming')).body).toMatchObject({
      ...{ active_streams: 7, completed: 90, interrupted: 1, tokens_per_second: 41.3 },
      ...{ first_token_ms: { average: 812, p50: 700, p95: 1_901 }, errors: [{ code: 'provider_error', count: 5 }] },
    });
    expect((await get('/api/metrics/streaming?window_seconds=5')).status).toBe(400);
  });

  it('say in a word whether they fare well, to anybody, counting every few seconds at most', async () => {
    app.bus.on(GetStreamingStatistics, () => STATISTICS);
    const answers = [await get('/api/metrics/health/streaming'), await get('/api/metrics/health/streaming')];
    expect(answers).toMatchObject([
      { status: 200, body: { status: 'degraded' } },
      { status: 200, body: { status: 'degraded' } },
    ]);
    expect(Object.keys(answers[0]!.body).sort()).toEqual(['status', 'timestamp']);
    expect(app.bus.asked(GetStreamingStatistics)).toHaveLength(1);
  });

  it.each([
    { completed: 0, cancelled: 0, failed: 0, average: null, status: 'healthy' },
    { completed: 96, cancelled: 0, failed: 4, average: 900, status: 'healthy' },
    { completed: 0, cancelled: 9, failed: 0, average: null, status: 'healthy' },
    { completed: 96, cancelled: 0, failed: 4, average: 1_500, status: 'degraded' },
    { completed: 92, cancelled: 0, failed: 8, average: 900, status: 'degraded' },
    { completed: 89, cancelled: 0, failed: 11, average: 900, status: 'unhealthy' },
    { completed: 100, cancelled: 0, failed: 0, average: 2_100, status: 'unhealthy' },
  ])('are $status with $completed answers, $failed failures, $average ms to the first token', (given) => {
    const { average, status, ...counts } = given;
    const firstTokenMs = { average, p50: average, p95: average };
    expect(streamingHealth({ ...STATISTICS, ...counts, interrupted: 0, firstTokenMs }).status).toBe(status);
  });

  it("tell what the caller's tenant has used", async () => {
    const row: UsageRow = {
      ...{ key: 'openai/gpt-4o', requests: 3, failures: 1, promptTokens: 100, completionTokens: 20, characters: 0 },
      ...{ costMicros: 1_234, unpriced: 1, averageFirstTokenMs: 640 },
    };
    app.bus.on(GetUsageStatistics, () => [row]);
    const query = 'from=2026-11-01T00:00:00Z&to=2026-11-26T00:00:00Z&group_by=model';
    expect((await get(`/api/v1/statistics/usage?${query}`)).body).toEqual({
      ...{ object: 'usage', from: '2026-11-01T00:00:00.000Z', to: '2026-11-26T00:00:00.000Z', group_by: 'model' },
      data: [
        {
          ...{ key: 'openai/gpt-4o', requests: 3, failures: 1, prompt_tokens: 100, completion_tokens: 20 },
          ...{ characters: 0, cost_micros: 1_234, unpriced_requests: 1, average_first_token_ms: 640 },
        },
      ],
    });
    expect(app.bus.requests).toMatchObject([{ name: GetUsageStatistics.name, tenant: TENANT }]);
  });

  it('sum up what was used today', () => {
    const row = { key: 'answer', failures: 0, characters: 0, unpriced: 0, averageFirstTokenMs: null };
    const rows = [
      { ...row, requests: 2, promptTokens: 10, completionTokens: 5, costMicros: 7 },
      { ...row, key: 'title', requests: 1, promptTokens: 3, completionTokens: 1, costMicros: 2 },
    ];
    expect(usedToday(rows)).toEqual({ requests: 3, prompt_tokens: 13, completion_tokens: 6, cost_micros: 9 });
  });

  it.each([
    'from=2026-11-26T00:00:00Z&to=2026-11-26T00:00:00Z',
    'from=2020-01-01T00:00:00Z',
    'from=soon',
    'group_by=word',
  ])('refuse %s', async (query) => {
    const { status, body } = await get(`/api/v1/statistics/usage?${query}`);
    expect([status, body['code']]).toEqual([400, 'invalid_request']);
    expect(app.bus.requests).toEqual([]);
  });
});
