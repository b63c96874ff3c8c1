import { FakeAmqplib } from '@onify/fake-amqplib';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually } from '../fixtures/eventually.fixture.js';
import { startApp, type TestApp } from '../fixtures/test-app.fixture.js';
import { type StreamReader } from './stream-reader.js';

const URL = 'amqp://embedded';
const OPTIONS = { idleTimeoutMs: 1_000, maxBuffered: 100 };

async function itemsOf<T>(reader: StreamReader<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const { data } of reader) items.push(data);
  return items;
}

describe('a stream', () => {
  let broker: FakeAmqplib;
  let gateway: TestApp;
  let chat: TestApp;

  beforeEach(async () => {
    broker = new FakeAmqplib('3.10');
    gateway = await startApp({ app: 'gateway', url: URL, connect: broker.connect });
    chat = await startApp({ app: 'chat', url: URL, connect: broker.connect });
  });

  afterEach(async () => {
    await gateway.close();
    await chat.close();
  });

  it('goes from one app to another, each to its own reader', async () => {
    const first = gateway.bus.openStream<string>('one', OPTIONS);
    const second = gateway.bus.openStream<string>('two', OPTIONS);
    const writers = ['one', 'two'].map((id) => chat.bus.streamWriter<string>(gateway.bus.streamAddress, id));
    for (const writer of writers) writer.write('hello');
    writers[0]!.end();
    writers[1]!.end('bye');
    await expect(itemsOf(first)).resolves.toEqual(['hello']);
    await expect(itemsOf(second)).resolves.toEqual(['hello', 'bye']);
  });

  it('without a reader is dropped, and a reader that comes too late notices', async () => {
    const early = chat.bus.streamWriter<number>(gateway.bus.streamAddress, 'one');
    early.write(1);
    const other = gateway.bus.openStream('other', OPTIONS);
    chat.bus.streamWriter(gateway.bus.streamAddress, 'other').end('all before this has arrived');
    await other.next();
    const reader = gateway.bus.openStream<number>('one', OPTIONS);
    early.write(2);
    await expect(reader.next()).rejects.toMatchObject({ code: 'stream_interrupted' });
  });

  it('has one reader', () => {
    const reader = gateway.bus.openStream('one', OPTIONS);
    expect(() => gateway.bus.openStream('one', OPTIONS)).toThrow(TypeError);
    reader.close();
    gateway.bus.openStream('one', OPTIONS).close();
  });

  it('fails its reader when the connection to the broker is lost, and never its writer', async () => {
    const address = gateway.bus.streamAddress;
    const reader = gateway.bus.openStream('one', OPTIONS);
    const next = expect(reader.next()).rejects.toMatchObject({ code: 'stream_interrupted' });
    for (const connection of [...broker.connections]) await connection.close();
    await next;
    const writer = chat.bus.streamWriter(address, 'one');
    expect(() => writer.write('lost')).not.toThrow();
    expect(() => gateway.bus.streamAddress).toThrow(expect.objectContaining({ code: 'service_unavailable' }));
    expect(() => gateway.bus.openStream('two', OPTIONS)).toThrow(
      expect.objectContaining({ code: 'service_unavailable' }),
    );
    await eventually(() => expect(gateway.bus.streamAddress).not.toBe(address));
  });
});
