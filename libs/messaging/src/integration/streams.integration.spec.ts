import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { eventually } from '../fixtures/eventually.fixture.js';
import { describeOnRabbitMq, uniqueOwner } from '../fixtures/real-broker.fixture.js';
import { TcpProxy } from '../fixtures/tcp-proxy.fixture.js';
import { startApp, type TestApp } from '../fixtures/test-app.fixture.js';

const OPTIONS = { idleTimeoutMs: 5_000, maxBuffered: 10_000 };

describeOnRabbitMq('a stream', (url) => {
  const owner = uniqueOwner();
  let proxy: TcpProxy;
  let reading: TestApp;
  let writing: TestApp;

  beforeEach(async () => {
    proxy = await TcpProxy.start(url);
    reading = await startApp({ app: `${owner}-reader`, url });
    writing = await startApp({ app: `${owner}-writer`, url: proxy.url });
  });

  afterEach(async () => {
    await writing.close();
    await reading.close();
    await proxy.close();
  });

  it('arrives complete and in order', async () => {
    const reader = reading.bus.openStream<number>('s', OPTIONS);
    const writer = writing.bus.streamWriter<number>(reading.bus.streamAddress, 's');
    for (let number = 1; number <= 5_000; number += 1) writer.write(number);
    writer.end();
    const seen: number[] = [];
    for await (const { seq, data } of reader) {
      expect(seq).toBe(data);
      seen.push(data);
    }
    expect(seen).toHaveLength(5_000);
  });

  it('that lost a part with the connection of its writer ends in an error, not in a hole', async () => {
    const reader = reading.bus.openStream<number>('s', OPTIONS);
    const writer = writing.bus.streamWriter<number>(reading.bus.streamAddress, 's');
    writer.write(1);
    await expect(reader.next()).resolves.toMatchObject({ value: { seq: 1, data: 1 } });
    proxy.takeDown();
    await eventually(() => expect(writing.bus.isConnected).toBe(false));
    writer.write(0);
    proxy.bringUp();
    await eventually(() => expect(writing.bus.isConnected).toBe(true));
    writer.write(9);
    await expect(reader.next()).rejects.toMatchObject({ code: 'stream_interrupted' });
  });

  it('whose reader loses its own connection ends at once', async () => {
    const reader = writing.bus.openStream<number>('s', OPTIONS);
    const next = expect(reader.next()).rejects.toMatchObject({ code: 'stream_interrupted' });
    proxy.cut();
    await next;
  });
});
