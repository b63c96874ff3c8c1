import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type NestFastifyApplication } from '@nestjs/platform-fastify';
import { RunningGateway } from '../fixtures/running-gateway.fixture.js';

/** Every route that works without credentials. A route that is added here is open to the world. */
const PUBLIC = [
  'GET /health',
  'GET /health/live',
  'GET /health/ready',
  'GET /api/health',
  'GET /api/metrics/health/streaming',
  'GET /api/status/health',
  'POST /api/v1/auth/login',
  'GET /docs',
  'GET /api/docs',
  'GET /api/docs/',
  'GET /api/docs/*',
  'GET /api/docs/index.html',
  'GET /api/docs/LICENSE',
  'GET /api/docs/swagger-ui-init.js',
  'GET /api/docs/docs/*',
  'GET /api/docs/docs/swagger-ui-init.js',
  'GET /api/docs-json',
];

describe('Routes', () => {
  let gateway: RunningGateway;
  let routes: { method: string; url: string }[];

  beforeAll(async () => {
    gateway = await RunningGateway.startOffline();
    const { routeTable } = (gateway.app as NestFastifyApplication).getHttpAdapter().getInstance();
    routes = routeTable.routes.filter(({ method }) => method !== 'OPTIONS').map(({ method, url }) => ({ method, url }));
  });
  afterAll(() => gateway.stop());

  it('include both dialects', () => {
    const urls = routes.map(({ url }) => url);
    expect(urls).toEqual(expect.arrayContaining(['/v1/files', '/v1/vector_stores', '/api/v1/auth/me', '/metrics']));
  });

  it('all need credentials but the public ones', async () => {
    const open: string[] = [];
    for (const { method, url } of routes) {
      const path = url.replace(/:\w+|\*\w*/g, 'something');
      const { status } = await gateway.call(method, path, method === 'POST' ? { body: {} } : {});
      if (status !== 401) open.push(`${method.replace('HEAD', 'GET')} ${url}`);
    }
    expect([...new Set(open)].sort()).toEqual([...PUBLIC].sort());
  });

  it('that are public are all there', () => {
    const existing = routes.map(({ method, url }) => `${method} ${url}`);
    expect(PUBLIC.filter((route) => !existing.includes(route))).toEqual([]);
  });
});
