import { createServer, get, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually, metricValue } from '@parley/testing';
import { SseWriter } from './sse-writer.js';

const BIG = 'x'.repeat(1024 * 1024);

describe('SseWriter', () => {
  let server: Server;
  let port: number;
  let respond: (response: ServerResponse) => void;

  beforeEach(async () => {
    server = createServer((_request, response) => respond(response));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    ({ port } = server.address() as AddressInfo);
  });
  afterEach(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  /** What the client has read so far. */
  const read = () =>
    new Promise<{ text: string; ended: boolean; socket: Socket }>((resolve, reject) => {
      get({ port, host: '127.0.0.1' }, (message: IncomingMessage) => {
        const seen = { text: '', ended: false, socket: message.socket };
        message.setEncoding('utf8').on('data', (data: string) => (seen.text += data));
        message.on('end', () => (seen.ended = true)).on('error', () => undefined);
        resolve(seen);
      }).on('error', reject);
    });

  /** A client that asks and then reads nothing. */
  const stall = async () => {
    const opened = new Promise<ServerResponse>((resolve) => (respond = resolve));
    const socket = connect(port, '127.0.0.1').pause();
    socket.on('error', () => undefined);
    socket.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n');
    return { response: await opened, socket };
  };

  it('frames events, with an id only where one is given, and one data line per line', async () => {
    const frames = async (response: ServerResponse) => {
      const writer = new SseWriter(response);
      await writer.send('{"a":1}');
      await writer.send('first\nsecond', 7);
      writer.end();
    };
    respond = (response) => void frames(response);
    const seen = await read();
    await eventually(() => expect(seen.ended).toBe(true));
    expect(seen.text).toBe('data: {"a":1}\n\nid: 7\ndata: first\ndata: second\n\n');
  });

  it('is counted while it is open', async () => {
    const open = () => metricValue('parley_open_streams', { surface: 'sse' });
    await eventually(async () => expect(await open()).toBe(0));
    respond = (response) => void new SseWriter(response).send('first');
    const seen = await read();
    await eventually(async () => expect(await open()).toBe(1));
    seen.socket.destroy();
    await eventually(async () => expect(await open()).toBe(0));
  });

  it('sends comments while nothing else is sent, which clients drop', async () => {
    respond = (response) => {
      const writer = new SseWriter(response, { heartbeatIntervalMs: 10 });
      void writer.send('first');
    };
    const seen = await read();
    await eventually(() => expect(seen.text).toMatch(/^data: first\n\n(: ping\n\n){3}/));
  });

  it('waits for a client that reads slowly, so that memory stays bounded', async () => {
    const { response, socket } = await stall();
    const writer = new SseWriter(response, { drainTimeoutMs: 10_000 });
    let sent = 0;
    const sending = (async () => {
      for (; sent < 40; sent += 1) await writer.send(BIG);
    })();
    await eventually(() => expect(response.writableNeedDrain).toBe(true));
    const before = sent;
    expect(before).toBeLessThan(40);
    expect(response.writableLength).toBeLessThan(2 * BIG.length);
    socket.resume();
    await sending;
    expect(sent).toBe(40);
    expect(writer.isOpen).toBe(true);
    writer.end();
  });

  it('sends no heartbeats into a full socket', async () => {
    const { response } = await stall();
    const writer = new SseWriter(response, { heartbeatIntervalMs: 5, drainTimeoutMs: 150 });
    const sending = (async () => {
      while (writer.isOpen) await writer.send(BIG);
    })();
    await eventually(() => expect(response.writableNeedDrain).toBe(true));
    const waiting = response.writableLength;
    await sending;
    expect(waiting).toBeLessThan(2 * BIG.length);
  });

  it('drops a client that takes nothing until the deadline', async () => {
    const { response } = await stall();
    const writer = new SseWriter(response, { drainTimeoutMs: 50 });
    while (writer.isOpen) await writer.send(BIG);
    expect(response.destroyed).toBe(true);
  });

  it('drops a client that does not take the end either', async () => {
    const { response } = await stall();
    const writer = new SseWriter(response, { drainTimeoutMs: 50 });
    while (!response.writableNeedDrain) void writer.send(BIG);
    writer.end();
    await eventually(() => expect(response.destroyed).toBe(true));
  });

  it('stops waiting when the client goes away, and sends nothing after that', async () => {
    const { response, socket } = await stall();
    const writer = new SseWriter(response, { drainTimeoutMs: 60_000 });
    const sending = (async () => {
      while (writer.isOpen) await writer.send(BIG);
    })();
    await eventually(() => expect(response.writableNeedDrain).toBe(true));
    socket.destroy();
    await sending;
    await writer.send('too late');
    expect(writer.isOpen).toBe(false);
  });
});
