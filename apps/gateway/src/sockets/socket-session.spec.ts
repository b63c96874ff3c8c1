import { EventEmitter, once } from 'node:events';
import { type AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { DomainError, type ErrorCode } from '@parley/contracts';
import { eventually } from '@parley/testing';
import { WebSocket, WebSocketServer } from 'ws';
import { TENANT } from '../fixtures/routes.fixture.js';
import { type Principal } from '../identity/principal.js';
import { SCOPES } from '../identity/scopes.js';
import { type SessionOptions, type SessionParts, SocketSession } from './socket-session.js';
import { SocketWriter, type WriterLimits } from './socket-writer.js';

const PRINCIPAL: Principal = {
  ...{ tenant: TENANT, email: 'a@b.example', scopes: SCOPES, apiKeyId: null, isPlatformAdmin: false },
};

/** A session's parts that are not asked here do nothing. */
function partsOf(socket: object, writer: object, principalOf = () => Promise.resolve(PRINCIPAL)): SessionParts {
  const parse = (text: string) => Promise.resolve(JSON.parse(text));
  const runs = { leaveAll: () => undefined };
  return {
    socket,
    writer,
    runs,
    authentication: { principalOf },
    limit: {},
    token: null,
    requestId: 'r',
    parse,
  } as never;
}

describe('A session on a socket', () => {
  beforeEach(() => {
    jest.useFakeTimers();
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  function sessionOf(principalOf?: () => Promise<Principal>, options?: Partial<SessionOptions>) {
    const socket = Object.assign(new EventEmitter(), { terminate: jest.fn() });
    const writer = {
      ping: jest.fn(),
      send: () => Promise.resolve(),
      close: jest.fn((_code: number, _reason: string) => Promise.resolve()),
    };
    new SocketSession(partsOf(socket, writer, principalOf), PRINCIPAL, options);
    return { socket, ...writer };
  }
  const beat = () => jest.advanceTimersByTimeAsync(15_000);

  it('drops a client that has not answered the last one, and no other', async () => {
    const { socket, ping } = sessionOf();
    for (let time = 0; time < 5; time++) {
      await beat();
      socket.emit('pong');
    }
    expect([ping.mock.calls.length, socket.terminate.mock.calls.length]).toEqual([5, 0]);
    await beat();
    await beat();
    expect(socket.terminate).toHaveBeenCalledTimes(1);
    socket.emit('close');
    await beat();
    expect(ping).toHaveBeenCalledTimes(6);
  });

  it('closes it when its credentials are void, and not when nobody can tell', async () => {
    const codes: ErrorCode[] = ['service_unavailable', 'invalid_credentials'];
    const { socket, close } = sessionOf(() => Promise.reject(new DomainError(codes.shift()!, 'No.')));
    await beat();
    expect(close).not.toHaveBeenCalled();
    socket.emit('pong');
    await beat();
    expect(close).toHaveBeenCalledWith(4401, 'invalid_credentials');
    socket.emit('close');
  });

  it('counts messages: too many in between, or at once, close it', async () => {
    const counting = sessionOf(undefined, { maxMessages: 3 });
    for (let message = 0; message < 7; message++) {
      counting.socket.emit('message', Buffer.from('{"type":"ping"}'), false);
      expect(counting.close).toHaveBeenCalledTimes(message === 6 ? 1 : 0);
      if (message === 2) await beat();
      else await jest.advanceTimersByTimeAsync(0);
    }
    expect(counting.close).toHaveBeenCalledWith(1008, 'too many messages');
    const atOnce = sessionOf(undefined, { maxWaiting: 2 });
    for (let message = 0; message < 3; message++) atOnce.socket.emit('message', Buffer.from('{"type":"ping"}'), false);
    expect(atOnce.close).toHaveBeenCalledWith(1008, 'too many messages');
    for (const { socket } of [counting, atOnce]) socket.emit('close');
  });
});

describe('What is written to a socket', () => {
  const servers: WebSocketServer[] = [];
  afterEach(async () => {
    for (const server of servers.splice(0)) {
      for (const socket of server.clients) socket.terminate();
      await new Promise((resolve) => server.close(resolve));
    }
  });

  /** Both ends of a socket, and what its server does about it. */
  async function connect(limits: Partial<WriterLimits>) {
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1', autoPong: false });
    servers.push(server);
    await once(server, 'listening');
    const client = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`);
    const [[socket]] = (await Promise.all([once(server, 'connection'), once(client, 'open')])) as [
      [WebSocket],
      unknown,
    ];
    const writer = new SocketWriter(socket, limits);
    const closed = once(client, 'close').then(([code]: unknown[]) => code);
    return { client, socket, writer, closed };
  }

  it('lets no more than a bound wait for a client that takes nothing, and closes it in the end', async () => {
    const limits = { maxBufferedBytes: 64 * 1024, drainTimeoutMs: 200, closeTimeoutMs: 50 };
    const { client, socket, writer, closed } = await connect(limits);
    client.pause();
    const event = { type: 'pong' as const, id: 'x'.repeat(16 * 1024) };
    let most = 0;
    while (writer.isOpen) {
      await writer.send(event);
      most = Math.max(most, socket.bufferedAmount);
    }
    expect(most).toBeLessThan(limits.maxBufferedBytes + 2 * event.id.length);
    await eventually(() => expect(socket.readyState).toBe(WebSocket.CLOSED));
    client.resume();
    expect(await closed).toBe(1006);
  });

  it('waits for a slow client, which then has all of it', async () => {
    const { client, writer } = await connect({ maxBufferedBytes: 64 * 1024 });
    let heard = 0;
    client.on('message', () => (heard += 1));
    client.pause();
    const id = 'x'.repeat(64 * 1024);
    const sent = (async () => {
      for (let event = 0; event < 200; event++) await writer.send({ type: 'pong', id });
    })();
    setImmediate(() => client.resume());
    await sent;
    await eventually(() => expect(heard).toBe(200));
  });
});
