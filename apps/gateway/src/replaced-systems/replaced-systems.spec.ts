import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { RunningGateway } from '../fixtures/running-gateway.fixture.js';

interface Call {
  method: string;
  path: string;
  body?: object;
  headers?: Record<string, string>;
}

const QUERY = { query: 'Hello', chatbotId: 'TEST_ID', sessionId: 'test-uuid', enableTTS: false };

/** What the guides of the replaced systems call, without credentials, on a gateway that reaches nothing. */
describe('The calls of replaced systems', () => {
  let gateway: RunningGateway;
  beforeAll(async () => {
    gateway = await RunningGateway.startOffline();
  });
  afterAll(() => gateway?.stop());

  it.each<Call>([
    { method: 'GET', path: '/api/status/detailed' },
    { method: 'GET', path: '/api/status/metrics' },
    { method: 'POST', path: '/api/chat/query/stream', body: QUERY },
    { method: 'GET', path: '/metrics' },
    {
      method: 'POST',
      path: '/api/chat',
      body: { message: 'Hello' },
      headers: { 'X-User-ID': 'test', 'X-Session-ID': 'test' },
    },
  ])('need credentials: $method $path', async ({ method, path, body, headers = {} }) => {
    const { status, body: problem } = await gateway.call(method, path, { body, headers });
    expect([status, problem]).toMatchObject([401, { code: 'missing_credentials' }]);
  });

  it.each(['/api/status/health', '/api/health', '/health'])('tell anybody how they are: GET %s', async (path) => {
    const { status, body } = await gateway.call('GET', path);
    expect([status, body]).toMatchObject([503, { status: 'unhealthy', version: expect.any(String) }]);
  });

  it.each(['/api/docs', '/docs'])('are documented: GET %s', async (path) => {
    const { status, headers } = await gateway.call('GET', path);
    expect([status, headers.get('content-type')]).toEqual([200, expect.stringContaining('text/html')]);
  });
});
