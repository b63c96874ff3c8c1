import { once } from 'node:events';
import { type AddressInfo, connect } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { CancelRun, DomainError, formatId, GetRunEvents, type RunEvent, StartRun } from '@parley/contracts';
import { eventually } from '@parley/testing';
import { fastify, type FastifyInstance } from 'fastify';
import { COMPLETED, FakeBus, runView, TENANT } from '../fixtures/routes.fixture.js';
import { type Principal } from '../identity/principal.js';
import { type Scope, SCOPES } from '../identity/scopes.js';
import { RunListener } from '../runs/run-listener.js';
import { RunClient } from '../runs/run.client.js';
import { SocketAdmission } from './socket-admission.js';
import { SocketClient } from './socket-client.fixture.js';
import { SocketServer } from './socket-server.js';

const RUN = '0198c0de-0000-7000-8000-000000000411';
const KEY = 'pk_key';
const text = (said: string): RunEvent => ({ type: 'text', text: said });
const request = { model: 'default', messages: [{ role: 'user', content: 'Hello' }] };
const bearer = { headers: { authorization: `Bearer ${KEY}` } };

describe('/ws', () => {
  let app: FastifyInstance;
  let server: SocketServer;
  let url: string;
  let scopes: readonly Scope[];
  const bus = new FakeBus();
  const consume = jest.fn<(principal: Principal) => Promise<void>>();
  const within = jest.fn((_tenant: object, _asked: { key: string; request: object }, start: () => unknown) => start());

  beforeAll(async () => {
    app = fastify();
    app.get('/other', () => 'as always');
    const principalOf = (token: string | null): Promise<Principal> => {
      const code = token === null ? 'missing_credentials' : 'invalid_credentials';
      if (token !== KEY) return Promise.reject(new DomainError(code, 'No.'));
      const principal = { tenant: TENANT, email: 'a@b.example', scopes, apiKeyId: null, isPlatformAdmin: false };
      return Promise.resolve(principal);
    };
    const authentication = { principalOf } as never;
    const limit = { consume } as never;
    const admission = new SocketAdmission(authentication, limit, { allowedOrigins: ['https://chat.example'] } as never);
    const runs = new RunClient(
      bus.asBus(),
      new RunListener(bus.asBus()),
      { shutdownTimeoutMs: 1_000 } as never,
      {
        modelFlags: () => Promise.resolve([]),
      } as never,
    );
    const host = { httpAdapter: { getInstance: () => app } } as never;
    server = new SocketServer(host, admission, authentication, limit, { within } as never, runs);
    server.onApplicationBootstrap();
    await app.listen({ port: 0, host: '127.0.0.1' });
    url = `ws://127.0.0.1:${(app.server.address() as AddressInfo).port}/ws`;
  });
  afterAll(async () => {
    await server.beforeApplicationShutdown();
    await app.close();
  });
  beforeEach(() => {
    bus.reset();
    scopes = SCOPES;
    consume.mockReset().mockResolvedValue();
    within.mockClear();
    bus.acceptRuns({}, (run) => run.send(text('Hi '), text('there.'), COMPLETED));
  });

  const opened = () => SocketClient.open(url, [], bearer);
  const done = (client: SocketClient, id: string) => client.until((event) => event.type === 'done' && event.id === id);
  const fault = (client: SocketClient, id: string | null) =>
    client.until((event) => event.type === 'error' && event.id === id);

  describe('refuses before there is a socket', () => {
    it.each([
      ['no credentials', 401, 'missing_credentials', [], {}],
      ['a token in the address', 401, 'missing_credentials', [], { path: `/ws?token=${KEY}` }],
      ['bad credentials', 401, 'invalid_credentials', [], { headers: { authorization: 'Bearer pk_other' } }],
      ['a token without the protocol', 400, 'invalid_request', [`parley.bearer.${KEY}`], {}],
      [
        'a foreign page',
        403,
        'insufficient_scope',
        [],
        { headers: { ...bearer.headers, origin: 'https://evil.example' } },
      ],
    ])('%s', async (_what, status, code, protocols, options) => {
      const refused = await SocketClient.refused(url, protocols, options);
      expect(refused).toMatchObject({ status, body: { code, request_id: refused.headers['x-request-id'] } });
    });

    it('too little and too much', async () => {
      scopes = ['files:read'];
      expect(await SocketClient.refused(url, [], bearer)).toMatchObject({ status: 403 });
      scopes = SCOPES;
      consume.mockRejectedValue(new DomainError('rate_limit_exceeded', 'Later.', { retryAfterMs: 2_000 }));
      expect(await SocketClient.refused(url, [], bearer)).toMatchObject({
        status: 429,
        headers: { 'retry-after': '2' },
      });
    });
  });

  it('survives a client that is gone before its answer', async () => {
    const { hostname, port } = new URL(url);
    for (let time = 0; time < 5; time++) {
      const connection = connect(Number(port), hostname);
      await once(connection, 'connect');
      const head = 'GET /ws HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n';
      connection.write(head, () => connection.resetAndDestroy());
      await once(connection, 'close');
    }
    expect((await SocketClient.refused(url)).status).toBe(401);
  });

  it('lets a page in with its token among the protocols, and does not send it back', async () => {
    const options = { headers: { origin: 'https://chat.example' } };
    const client = await SocketClient.open(url, ['parley.v1', `parley.bearer.${KEY}`], options);
    expect(client.socket.protocol).toBe('parley.v1');
    client.socket.close();
  });

  it('leaves other upgrades to the routes', async () => {
    const { get } = await import('node:http');
    const headers = { connection: 'Upgrade, HTTP2-Settings', upgrade: 'h2c', 'http2-settings': 'AAMAAABk' };
    const status = await new Promise((resolve, reject) =>
      get(url.replace('ws:', 'http:').replace('/ws', '/other'), { headers }, (response) => {
        response.resume();
        resolve(response.statusCode);
      }).on('error', reject),
    );
    expect(status).toBe(200);
  });

  it('tells several runs at once, each under its name, as the event stream does', async () => {
    const client = await opened();
    bus.acceptRuns();
    for (const id of ['a', 'b']) client.say({ type: 'start', id, request });
    await eventually(() => expect(bus.runs).toHaveLength(2));
    const [first, second] = bus.runs;
    second!.send(text('Two'), COMPLETED);
    await done(client, 'b');
    first!.send(text('One '), text('more'), COMPLETED);
    await done(client, 'a');
    expect([client.textOf('a'), client.textOf('b')]).toEqual(['One more', 'Two']);
    expect(client.of('a').map(({ type, event_id }) => [type, event_id])).toEqual([
      ['chunk', undefined],
      ['chunk', 4],
      ['chunk', 8],
      ['chunk', 9],
      ['done', undefined],
    ]);
    expect(client.of('a')[0]!.data).toMatchObject({
      id: formatId('completion', first!.request.runId),
      object: 'chat.completion.chunk',
      parley: { run_id: formatId('run', first!.request.runId) },
    });
    client.socket.close();
  });

  it('goes on behind a place of any run, and is done where there is nothing', async () => {
    const client = await opened();
    bus.on(GetRunEvents, ({ after }) => ({
      run: runView({ status: 'completed' }),
      state: 'ended' as const,
      events: after > 20 ? [] : [text('there.'), COMPLETED],
    }));
    client.say({ type: 'subscribe', id: 'a', run: formatId('completion', RUN), starting_after: 3 });
    await done(client, 'a');
    expect(bus.asked(GetRunEvents)[0]).toEqual({ id: RUN, after: 3 });
    expect([client.textOf('a'), client.of('a')[0]!.event_id]).toEqual(['there.', 9]);
    client.say({ type: 'subscribe', id: 'b', run: formatId('run', RUN), starting_after: 21 });
    await done(client, 'b');
    expect(client.of('b')).toHaveLength(1);
    client.socket.close();
  });

  it('does not stop a run whose listener leaves, by word or with its socket', async () => {
    const client = await opened();
    bus.acceptRuns();
    for (const id of ['a', 'b']) client.say({ type: 'start', id, request });
    await eventually(() => expect(bus.runs).toHaveLength(2));
    client.say({ type: 'unsubscribe', id: 'a' });
    await client.until(({ type }) => type === 'unsubscribed');
    bus.runs[0]!.send(text('Unheard'));
    client.say({ type: 'unsubscribe', id: 'a' });
    expect(await fault(client, 'a')).toMatchObject({ during: 'unsubscribe', error: { code: 'not_found' } });
    client.socket.close();
    await eventually(() => expect(bus.signals.filter(({ action }) => action === 'leave')).toHaveLength(2));
    expect(bus.asked(CancelRun)).toEqual([]);
    expect(client.textOf('a')).toBe('');
  });

  it('hears a run again under the same name, and then once', async () => {
    const client = await opened();
    bus.acceptRuns();
    client.say({ type: 'start', id: 'a', request });
    await client.until(({ type }) => type === 'chunk');
    const { runId } = bus.runs[0]!.request;
    const run = runView({ id: runId });
    bus.on(GetRunEvents, () => ({ run, state: 'ended' as const, events: [text('All.'), COMPLETED] }));
    client.say({ type: 'unsubscribe', id: 'a' });
    client.say({ type: 'subscribe', id: 'a', run: formatId('run', runId) });
    await done(client, 'a');
    client.say({ type: 'ping', id: 'end' });
    await client.until(({ type }) => type === 'pong');
    expect([client.textOf('a'), client.of('a').filter(({ type }) => type === 'error')]).toEqual(['All.', []]);
    client.socket.close();
  });

  it('stops a run that it hears, and any other', async () => {
    const client = await opened();
    bus.acceptRuns().on(CancelRun, ({ id }) => runView({ id, status: 'cancelled' }));
    client.say({ type: 'start', id: 'a', request });
    client.say({ type: 'cancel', id: 'a' });
    expect(await client.until(({ type }) => type === 'run')).toMatchObject({ id: 'a', run: { status: 'cancelled' } });
    client.say({ type: 'cancel', id: 'b', run: formatId('run', RUN) });
    await client.until(({ type, id }) => type === 'run' && id === 'b');
    expect(bus.asked(CancelRun).map(({ id }) => id)).toEqual([bus.runs[0]!.request.runId, RUN]);
    client.socket.close();
  });

  it('tells faults with their codes and stays open', async () => {
    const client = await opened();
    const cases: [unknown, object][] = [
      ['{', { id: null, during: null, error: { code: 'invalid_request' } }],
      [{ type: 'shout' }, { id: null, error: { param: 'type' } }],
      [{ type: 'ping', id: 7 }, { error: { param: 'id' } }],
      [
        { type: 'start', id: 's1', request: { messages: [] } },
        { during: 'start', error: { param: 'request.model' } },
      ],
      [{ type: 'start', id: 's2', request: { ...request, n: 3 } }, { error: { code: 'unsupported_parameter' } }],
      [
        { type: 'subscribe', id: 's3', run: 'run_1' },
        { during: 'subscribe', error: { code: 'not_found' } },
      ],
      [
        { type: 'cancel', id: 's4' },
        { during: 'cancel', error: { code: 'not_found', type: 'not_found_error' } },
      ],
    ];
    for (const [message] of cases) client.say(message);
    client.socket.send(Buffer.from('{}'), { binary: true });
    client.say({ type: 'ping', id: 'end' });
    await client.until(({ type }) => type === 'pong');
    expect(client.heard.slice(0, -2)).toMatchObject(cases.map(([, expected]) => expected));
    client.socket.close();
  });

  it('tells a run that fails, and one that begins under a name in use, apart', async () => {
    const client = await opened();
    bus.acceptRuns();
    client.say({ type: 'start', id: 'a', request });
    client.say({ type: 'start', id: 'a', request });
    expect(await fault(client, 'a')).toMatchObject({ during: 'start', error: { code: 'conflict' } });
    bus.runs[0]!.send(text('Half'), { type: 'failed', error: { code: 'timeout', message: 'Too slow.' } });
    await client.until(({ during }) => during === 'run');
    expect(client.of('a').at(-1)).toMatchObject({ error: { code: 'timeout', message: 'Too slow.' } });
    client.socket.close();
  });

  it('asks of every message what its route asks: scopes, the rate, and room', async () => {
    scopes = ['chat:read'];
    const reader = await opened();
    reader.say({ type: 'start', id: 'a', request });
    expect(await fault(reader, 'a')).toMatchObject({ error: { code: 'insufficient_scope' } });
    reader.socket.close();
    scopes = SCOPES;
    const client = await opened();
    consume.mockRejectedValueOnce(new DomainError('rate_limit_exceeded', 'Later.', { retryAfterMs: 2_000 }));
    client.say({ type: 'start', id: 'a', request });
    expect(await fault(client, 'a')).toMatchObject({ error: { code: 'rate_limit_exceeded' }, retry_after_ms: 2_000 });
    bus.acceptRuns();
    for (let run = 0; run <= 16; run++) client.say({ type: 'start', id: `run ${run}`, request });
    expect(await fault(client, 'run 16')).toMatchObject({ error: { code: 'conflict' } });
    expect(bus.asked(StartRun)).toHaveLength(16);
    client.socket.close();
  });

  it('starts a run under an idempotency key as its route does', async () => {
    const client = await opened();
    client.say({ type: 'start', id: 'a', request, idempotency_key: 'k' });
    await done(client, 'a');
    const asked = { method: 'POST', url: '/v1/chat/completions', headers: {}, body: request };
    expect(within).toHaveBeenCalledWith(TENANT, { key: 'k', request: asked }, expect.any(Function));
    client.socket.close();
  });

  it('is closed by a message that is too large', async () => {
    const client = await opened();
    client.say('x'.repeat(8 * 2 ** 20 + 1));
    expect(await client.closed()).toBe(1009);
  });
});
