import { Controller } from '@nestjs/common';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { eventually } from '../fixtures/eventually.fixture.js';
import { describeOnRabbitMq, uniqueOwner } from '../fixtures/real-broker.fixture.js';
import { TcpProxy } from '../fixtures/tcp-proxy.fixture.js';
import { startApp, TENANT, type TestApp } from '../fixtures/test-app.fixture.js';
import { messagesOf, type WorkPayload } from '../fixtures/test-messages.fixture.js';
import { HandleSignal } from '../nest/handle.decorators.js';

describeOnRabbitMq('a signal', (url) => {
  const owner = uniqueOwner();
  const { Told } = messagesOf(owner);
  let proxy: TcpProxy;
  let heard: string[];
  let listener: TestApp;
  let teller: TestApp;

  beforeEach(async () => {
    heard = [];
    @Controller()
    class Listener {
      @HandleSignal(Told)
      told({ task }: WorkPayload): void {
        heard.push(task);
      }
    }
    proxy = await TcpProxy.start(url);
    listener = await startApp({ app: owner, url: proxy.url, controllers: [Listener] });
    teller = await startApp({ app: `${owner}-teller`, url });
  });

  afterEach(async () => {
    await teller.close();
    await listener.close();
    await proxy.close();
  });

  it('is heard again once a lost connection is back', async () => {
    proxy.cut();
    let told = 0;
    await eventually(() => {
      teller.bus.signal(Told, { task: String(++told) }, TENANT);
      expect(heard.length).toBeGreaterThan(0);
    });
  });

  it('tells a stream whose reader is gone, when it is probed', async () => {
    const gone: string[] = [];
    const open = teller.bus.streamWriter(teller.bus.streamAddress, 'open');
    const left = teller.bus.streamWriter(listener.bus.streamAddress, 'left');
    const reader = teller.bus.openStream('open', { idleTimeoutMs: 5_000, maxBuffered: 10 });
    await listener.close();
    await eventually(() => {
      open.probe('alive', () => gone.push('open'));
      left.probe('alive', () => gone.push('left'));
      expect(gone).toContain('left');
    });
    expect(gone).not.toContain('open');
    reader.close();
    for (const writer of [open, left]) writer.abandon();
  });
});
