import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { RunningGateway } from '../fixtures/running-gateway.fixture.js';

const TRACE = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';

describe('Every answer', () => {
  let gateway: RunningGateway;

  beforeAll(async () => {
    gateway = await RunningGateway.startOffline({ ALLOWED_ORIGINS: 'https://chat.example.org' });
  });
  afterAll(() => gateway.stop());

  it('has the error shape of its dialect', async () => {
    const openAi = await gateway.call('GET', '/v1/files');
    expect(openAi.status).toBe(401);
    expect(openAi.headers.get('content-type')).toBe('application/json; charset=utf-8');
    expect(openAi.headers.get('www-authenticate')).toBe('Bearer realm="parley"');
    expect(openAi.body).toEqual({
      error: { message: expect.any(String), type: 'authentication_error', param: null, code: 'missing_credentials' },
    });
    const native = await gateway.call('GET', '/api/v1/auth/me');
    expect(native.headers.get('content-type')).toBe('application/problem+json; charset=utf-8');
    expect(native.body).toEqual({
      type: 'urn:parley:error:missing_credentials',
      title: 'Credentials missing',
      status: 401,
      detail: expect.any(String),
      code: 'missing_credentials',
      request_id: native.headers.get('x-request-id'),
    });
  });

  it.each([
    ['no token at all', { authorization: 'Bearer ' }, 'missing_credentials'],
    ['another scheme', { authorization: 'Basic YTpi' }, 'missing_credentials'],
    ['a token that is none', { authorization: 'Bearer nonsense' }, 'invalid_credentials'],
    ['a key that is none', { 'x-api-key': 'pk_nonsense' }, 'invalid_credentials'],
    ['a key that is none as a token', { authorization: 'Bearer pk_nonsense' }, 'invalid_credentials'],
  ])('is 401 for %s', async (_what, headers, code) => {
    const { status, body } = await gateway.call('GET', '/api/v1/auth/me', { headers });
    expect([status, body?.['code']]).toEqual([401, code]);
  });

  it('says for how long to wait when the database is away', async () => {
    const { status, headers, body } = await gateway.call('GET', '/v1/files', { token: `pk_${'0'.repeat(48)}` });
    expect([status, (body as { error: { code: string } }).error.code]).toEqual([503, 'service_unavailable']);
    expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
    expect(Number(headers.get('retry-after-ms'))).toBeGreaterThan(0);
  });

  it('names an unknown route and a wrong method', async () => {
    expect(await gateway.call('GET', '/v1/nothing?secret=1')).toMatchObject({
      status: 404,
      body: { error: { message: 'There is no route GET /v1/nothing.', code: 'not_found', type: 'not_found_error' } },
    });
    expect(await gateway.call('GET', '/api/docs/nothing.css')).toMatchObject({ status: 404 });
    const wrong = await gateway.call('PUT', '/v1/files/file-1');
    expect(wrong.status).toBe(405);
    expect(wrong.headers.get('allow')).toBe('GET, HEAD, DELETE');
  });

  it('is 400 for malformed JSON, for no JSON, and for a wrong field, which it names', async () => {
    const login = (body: unknown, headers = {}) => gateway.call('POST', '/api/v1/auth/login', { body, headers });
    expect(await login('{"email":')).toMatchObject({ status: 400, body: { code: 'invalid_request' } });
    expect(await login('')).toMatchObject({ status: 400, body: { code: 'invalid_request' } });
    expect(await login('[1]')).toMatchObject({ status: 400, body: { code: 'invalid_request' } });
    expect(await login({ email: 'a@example.com' })).toMatchObject({
      status: 400,
      body: { param: 'password', detail: 'password is required.' },
    });
    expect(await login({ email: 'a@example.com', password: 1 })).toMatchObject({
      status: 400,
      body: { code: 'invalid_request', param: 'password', detail: 'password must be a string.' },
    });
    expect(await login('<a/>', { 'content-type': 'text/xml' })).toMatchObject({ status: 415 });
  });

  it('is 413 for a body that is too large', async () => {
    const body = { email: 'x'.repeat(9 * 2 ** 20), password: '' };
    expect(await gateway.call('POST', '/api/v1/auth/login', { body })).toMatchObject({
      status: 413,
      body: { code: 'invalid_request', status: 413 },
    });
  });

  it('is 400 for a path that cannot be decoded', async () => {
    expect(await gateway.call('GET', '/v1/files/%E0%A4%A')).toMatchObject({
      status: 400,
      body: { error: { code: 'invalid_request' } },
    });
  });

  it('carries the request id that came, unless it is unfit', async () => {
    const idFor = async (id: string) =>
      (await gateway.call('GET', '/health/live', { headers: { 'x-request-id': id } })).headers.get('x-request-id');
    expect(await idFor('job-7:a.b_c')).toBe('job-7:a.b_c');
    expect(await idFor('with space')).toMatch(/^[0-9a-f-]{36}$/);
    expect(await idFor('x'.repeat(129))).toMatch(/^[0-9a-f-]{36}$/);
    const unmatched = await gateway.call('GET', '/nothing', { headers: { traceparent: TRACE } });
    expect(unmatched.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('has security headers, and tells pages of allowed origins alone that they may read it', async () => {
    const answer = await gateway.call('GET', '/health/live', { headers: { origin: 'https://chat.example.org' } });
    expect(answer.headers.get('access-control-allow-origin')).toBe('https://chat.example.org');
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
    expect(answer.headers.get('content-security-policy')).toContain("default-src 'none'");
    const other = await gateway.call('GET', '/health/live', { headers: { origin: 'https://evil.example.org' } });
    expect(other.headers.get('access-control-allow-origin')).toBeNull();
    const preflight = await gateway.call('OPTIONS', '/v1/files', {
      headers: {
        origin: 'https://chat.example.org',
        'access-control-request-method': 'DELETE',
        'access-control-request-headers': 'authorization,x-stainless-retry-count',
      },
    });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get('access-control-allow-headers')).toContain('x-stainless-retry-count');
    expect(preflight.headers.get('access-control-allow-methods')).toContain('DELETE');
  });

  it('survives a client that goes away in the middle of its request', async () => {
    const socket = await halfARequest(gateway);
    socket.destroy();
    expect((await gateway.call('GET', '/health/live')).status).toBe(200);
  });

  it('does not keep the process from stopping, even when its client says nothing more', async () => {
    const stopping = await RunningGateway.startOffline({ SHUTDOWN_TIMEOUT_MS: '200' });
    const socket = await halfARequest(stopping);
    // However it is closed: `once` takes a reset for a failure.
    const closed = new Promise((resolve) => socket.once('close', resolve));
    await stopping.stop();
    await closed;
  });

  it('to a question for the documentation comes from this server alone', async () => {
    const short = await fetch(`${gateway.baseUrl}/docs`, { redirect: 'manual' });
    await short.text();
    expect(short.headers.get('location')).toBe('/api/docs');
    const { text } = await gateway.call('GET', '/api/docs');
    const assets = [...text.matchAll(/(?:src|href)=["']([^"']+)["']/g)].map(([, url]) => url!);
    expect(assets.length).toBeGreaterThan(3);
    for (const asset of assets) {
      const url = new URL(asset, `${gateway.baseUrl}/api/docs`);
      expect(url.origin).toBe(gateway.baseUrl);
      expect((await gateway.call('GET', url.pathname)).status).toBe(200);
    }
    expect((await gateway.call('GET', '/api/docs-json')).body).toMatchObject({ info: { title: 'Parley' } });
  });
});

async function halfARequest({ baseUrl }: RunningGateway): Promise<Socket> {
  const { hostname, port } = new URL(baseUrl);
  const socket = connect(Number(port), hostname).on('error', () => undefined);
  await once(socket, 'connect');
  const head = [
    'POST /api/v1/auth/login HTTP/1.1',
    'host: parley',
    'content-type: application/json',
    'content-length: 99',
  ];
  await new Promise((resolve) => socket.write(`${head.join('\r\n')}\r\n\r\n{`, resolve));
  return socket;
}
