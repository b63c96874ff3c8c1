import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import { type INestMicroservice } from '@nestjs/common';
import {
  createTestDatabase,
  createTestVhost,
  describeWithServices,
  eventually,
  startTcpProxy,
  type TcpProxy,
} from '@parley/testing';
import { GatewayServices } from '../fixtures/gateway-services.fixture.js';
import { type RunningGateway } from '../fixtures/running-gateway.fixture.js';
import { type Statuses } from '../fixtures/status-responder.fixture.js';

const PROVIDER = { name: 'openai', state: 'open', reachable: false, active: 3, queued: 1, maxActive: 64 } as const;
const WELL: Statuses = {
  chat: { version: '1', database: true, llm: true, providers: [PROVIDER] },
  memory: { version: '1', database: true, llm: null },
};

describeWithServices('Health', () => {
  let services: GatewayServices;
  let database: TcpProxy;
  let broker: TcpProxy;
  let gateway: RunningGateway;
  let others: INestMicroservice[] = [];
  const statuses = { ...WELL };

  beforeAll(async () => {
    services = await GatewayServices.create({ createTestDatabase, createTestVhost });
    [database, broker] = await Promise.all([startTcpProxy(services.database.url), startTcpProxy(services.broker.url)]);
    gateway = await services.start({ DATABASE_URL: database.url, RABBITMQ_URL: broker.url, METRICS_PORT: '0' });
  });
  afterEach(async () => {
    Object.assign(statuses, WELL);
    await Promise.all([database.restore(), broker.restore()]);
  });
  afterAll(async () => {
    await Promise.all(others.map((nest) => nest.close()));
    await services?.drop();
    await Promise.all([database?.close(), broker?.close()]);
  });

  const answers = (path: string, expected: object): Promise<void> =>
    eventually(
      async () => {
        const { status, body } = await gateway.call('GET', path);
        expect({ status, ...body }).toMatchObject(expected);
      },
      { timeoutMs: 15_000, intervalMs: 200 },
    );

  it('is bad while chat and memory do not answer, and this process is ready all the same', async () => {
    await answers('/health/ready', { status: 'ok' });
    await answers('/health', { status: 'unhealthy', services: { gateway: true, chat: false, memory: false } });
    expect((await gateway.call('GET', '/health')).status).toBe(503);
  });

  it('is good when all answer, under each of its paths', async () => {
    const { startStatusResponder } = await import('../fixtures/status-responder.fixture.js');
    others = await Promise.all(
      (['chat', 'memory'] as const).map((app) => startStatusResponder(app, services.broker.url, statuses)),
    );
    for (const path of ['/health', '/api/health', '/api/status/health']) {
      await answers(path, { status: 'healthy', database: true, llm: true });
      const { status, body } = await gateway.call('GET', path);
      expect([status, body?.['version']]).toEqual([200, expect.stringMatching(/^\d+\.\d+/)]);
    }
  });

  it('is degraded, not bad, without a language model', async () => {
    statuses.chat = { version: '1', database: true, llm: false };
    await answers('/health', { status: 'degraded', llm: false });
    expect((await gateway.call('GET', '/health')).status).toBe(200);
  });

  it('is bad when another service has lost its database', async () => {
    statuses.chat = { version: '1', database: false, llm: true };
    await answers('/health', { status: 'unhealthy', database: false, services: { chat: true } });
  });

  it('tells that the database is away, by its deadline when it only says nothing, and heals', async () => {
    database.sever();
    await answers('/health/ready', { status: 'error', details: { database: { status: 'down' } } });
    await answers('/health', { status: 'unhealthy', database: false });
    expect((await gateway.call('GET', '/health/live')).status).toBe(200);
    await database.restore();
    await answers('/health/ready', { status: 'ok' });
    database.stall();
    const startedAt = Date.now();
    expect((await gateway.call('GET', '/health/ready')).status).toBe(503);
    expect(Date.now() - startedAt).toBeLessThan(4_000);
    await database.restore();
    await answers('/health', { status: 'healthy' });
  });

  it('tells that the broker is away, and heals', async () => {
    broker.sever();
    await answers('/health/ready', { status: 'error', details: { broker: { status: 'down' } } });
    await answers('/health', { status: 'unhealthy' });
    await broker.restore();
    await answers('/health/ready', { status: 'ok' });
    await answers('/health', { status: 'healthy' });
  });

  it('has details and metrics for administrators, by route and not by path', async () => {
    const token = await gateway.signIn();
    const detailed = await gateway.call('GET', '/api/status/detailed', { token });
    expect(detailed.body).toMatchObject({ status: 'healthy', system: { memory: { rss_bytes: expect.any(Number) } } });
    // Nobody answers for the statistics here.
    expect(detailed.body).toMatchObject({ usage_today: null });
    expect(detailed.body).toMatchObject({ providers: [{ name: 'openai', breaker: 'open', active_requests: 3 }] });
    expect((await gateway.call('GET', '/health')).body).not.toHaveProperty('providers');
    await gateway.call('GET', '/v1/files/file-0123', { token });
    await gateway.call('GET', '/no/such/path');
    for (const path of ['/metrics', '/api/status/metrics']) {
      const { headers, text } = await gateway.call('GET', path, { token });
      expect(headers.get('content-type')).toContain('text/plain');
      expect(text).toContain('http_requests_total{method="GET",route="/v1/files/:file_id",status="404"}');
      expect(text).toContain('http_requests_total{method="GET",route="unmatched",status="404"}');
      expect(text).toContain('http_request_duration_seconds_bucket');
      expect(text).toContain('http_requests_in_progress{method="GET",route="/health"} 0');
      expect(text).not.toContain('file-0123');
    }
  });

  it('has metrics for scrapers on a port of their own', async () => {
    const { MetricsListener } = await import('./metrics-listener.js');
    const port = gateway.app.get(MetricsListener).port;
    const response = await fetch(`http://127.0.0.1:${port}/metrics`);
    expect(response.status).toBe(200);
    expect(await response.text()).toContain('http_requests_total');
    expect((await fetch(`http://127.0.0.1:${port}/health`)).status).toBe(404);
  });
});
