import { get, type IncomingMessage } from 'node:http';
import { type AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually } from '@parley/testing';
import fastify, { type FastifyInstance } from 'fastify';
import { type ProgressOptions, type Snapshot, streamProgress } from './progress-stream.js';

const OPTIONS: ProgressOptions = { pollMs: 1, deadlineMs: 60_000, patienceMs: 1_000 };

describe('streamProgress', () => {
  let server: FastifyInstance;
  let options: ProgressOptions;
  let stopping: AbortController;
  /** What there is to see, look by look; the last stays. */
  let snapshots: Snapshot[];

  beforeEach(async () => {
    [options, stopping, snapshots] = [OPTIONS, new AbortController(), []];
    server = fastify();
    server.get('/', async (request, reply) => {
      const look = async () => (snapshots.length > 1 ? snapshots.shift()! : snapshots[0]!);
      const seen = request.headers['last-event-id'];
      const lastEventId = seen === undefined ? undefined : Number(seen);
      await streamProgress(reply, { look, signal: stopping.signal, lastEventId }, options);
    });
    await server.listen({ port: 0, host: '127.0.0.1' });
  });
  afterEach(async () => {
    server.server.closeAllConnections();
    await server.close();
  });

  const at = (revision: number, end: string | null = null): Snapshot => ({ revision, body: { revision }, end });
  const follow = (lastEventId?: string) =>
    new Promise<{ text: string; isOver: boolean }>((resolve, reject) => {
      const { port } = server.server.address() as AddressInfo;
      const headers = lastEventId === undefined ? {} : { 'last-event-id': lastEventId };
      get({ port, host: '127.0.0.1', headers }, (message: IncomingMessage) => {
        const seen = { text: '', isOver: false };
        message.setEncoding('utf8').on('data', (piece: string) => (seen.text += piece));
        message.on('end', () => (seen.isOver = true)).on('error', () => undefined);
        resolve(seen);
      }).on('error', reject);
    });
  const whole = async (lastEventId?: string) => {
    const seen = await follow(lastEventId);
    await eventually(() => expect(seen.isOver).toBe(true));
    return seen.text;
  };

  it('ends at its deadline and asks to come back, and the client that does hears only what is new', async () => {
    snapshots = [at(1)];
    options = { ...OPTIONS, deadlineMs: 5 };
    const reconnect = 'event: reconnect\ndata: {"reason":"deadline"}\n\n';
    expect(await whole()).toBe(`event: progress\nid: 1\ndata: {"revision":1}\n\n${reconnect}`);
    expect(await whole('1')).toBe(reconnect);
    options = OPTIONS;
    snapshots = [at(1), at(2), at(3, 'completed')];
    expect(await whole('1')).toBe(
      'event: progress\nid: 2\ndata: {"revision":2}\n\nevent: completed\nid: 3\ndata: {"revision":3}\n\n',
    );
  });

  it('tells a client that was away how things are now, not what it missed', async () => {
    snapshots = [at(9, 'failed')];
    expect(await whole('3')).toBe('event: failed\nid: 9\ndata: {"revision":9}\n\n');
  });

  it('asks to come back, elsewhere, when the gateway stops', async () => {
    snapshots = [at(1)];
    const seen = await follow();
    await eventually(() => expect(seen.text).toContain('id: 1'));
    stopping.abort();
    await eventually(() => expect(seen.isOver).toBe(true));
    expect(seen.text).toMatch(/event: reconnect\ndata: {"reason":"stopping"}\n\n$/);
  });
});
