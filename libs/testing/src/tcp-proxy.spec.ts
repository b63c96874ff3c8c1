import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually } from './eventually.js';
import { startTcpProxy, type TcpProxy } from './tcp-proxy.js';

describe('TcpProxy', () => {
  let echoServer: Server;
  let proxy: TcpProxy;
  const clients: Socket[] = [];

  beforeEach(async () => {
    echoServer = createServer((socket) => socket.on('error', () => undefined).pipe(socket));
    echoServer.listen(0, '127.0.0.1');
    await once(echoServer, 'listening');
    proxy = await startTcpProxy(`redis://user:secret@127.0.0.1:${(echoServer.address() as AddressInfo).port}/3`);
  });
  afterEach(async () => {
    for (const client of clients.splice(0)) client.destroy();
    await proxy.close();
    echoServer.close();
  });

  function open() {
    const client = connect(Number(new URL(proxy.url).port), '127.0.0.1');
    clients.push(client);
    const seen = { text: '', isClosed: false };
    client.on('error', () => undefined);
    client.on('data', (data) => (seen.text += data.toString()));
    client.on('close', () => (seen.isClosed = true));
    return { client, seen };
  }

  it('keeps all of the URL but host and port', () => {
    expect(proxy.url).toMatch(/^redis:\/\/user:secret@127\.0\.0\.1:\d+\/3$/);
  });

  it('passes bytes both ways', async () => {
    const { client, seen } = open();
    client.write('hello');
    await eventually(() => expect(seen.text).toBe('hello'));
  });

  it('resets connections and refuses new ones until it is restored', async () => {
    const before = open();
    await once(before.client, 'connect');
    before.client.write('x');
    await eventually(() => expect(before.seen.text).toBe('x'));
    proxy.sever();
    await eventually(() => expect(before.seen.isClosed).toBe(true));
    const refused = open();
    await eventually(() => expect(refused.seen.isClosed).toBe(true));
    await proxy.restore();
    const after = open();
    after.client.write('back');
    await eventually(() => expect(after.seen.text).toBe('back'));
  });

  it('holds back bytes while it stalls and delivers them afterwards', async () => {
    const { client, seen } = open();
    client.write('a');
    await eventually(() => expect(seen.text).toBe('a'));
    proxy.stall();
    client.write('b');
    const other = open();
    other.client.write('c');
    await once(other.client, 'connect');
    await eventually(() => expect(proxy.held).toBe(2));
    expect(seen).toEqual({ text: 'a', isClosed: false });
    await proxy.restore();
    await eventually(() => expect([seen.text, other.seen.text]).toEqual(['ab', 'c']));
    expect(proxy.held).toBe(0);
  });
});
