import { Controller } from '@nestjs/common';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { eventually } from '../fixtures/eventually.fixture.js';
import { describeOnRabbitMq, probe, type QueueProbe, uniqueOwner } from '../fixtures/real-broker.fixture.js';
import { TcpProxy } from '../fixtures/tcp-proxy.fixture.js';
import { startApp, TENANT, type TestApp } from '../fixtures/test-app.fixture.js';
import { messagesOf, question } from '../fixtures/test-messages.fixture.js';
import { HandleCommand } from '../nest/handle.decorators.js';
import { ack, type Outcome } from '../outcome.js';
import { commandQueue } from '../topology.js';

const owner = uniqueOwner();
const { Ask, Work, Worked } = messagesOf(owner);
const queue = commandQueue(Work.name);

@Controller()
class WorkConsumer {
  @HandleCommand(Work)
  async work(): Promise<Outcome> {
    return ack();
  }
}

describeOnRabbitMq('what is published', (url) => {
  let proxy: TcpProxy;
  let sender: TestApp;
  let broker: QueueProbe;

  beforeEach(async () => {
    proxy = await TcpProxy.start(url);
    sender = await startApp({ app: `${owner}-sender`, url: proxy.url, confirmTimeoutMs: 300 });
    broker = await probe(url);
  });

  afterEach(async () => {
    await sender.close();
    await proxy.close();
    await broker.remove(queue);
    await broker.close();
  });

  it('is in its queue once the promise resolves', async () => {
    const worker = await startApp({ app: owner, url, controllers: [WorkConsumer] });
    await worker.close();
    await sender.bus.publishCommand(Work, { task: 'a' }, TENANT, { messageId: 'a' });
    await eventually(async () => expect(await broker.waiting(queue)).toBe(1));
    await expect(broker.take(queue)).resolves.toMatchObject({ messageId: 'a' });
  });

  it('fails when no queue takes it, unless nobody needs to', async () => {
    await expect(sender.bus.publishCommand(Work, { task: 'a' }, TENANT, { messageId: 'a' })).rejects.toMatchObject({
      code: 'service_unavailable',
      message: `No queue takes ${Work.name}.`,
    });
    await expect(sender.bus.request(Ask, question('x'), TENANT)).rejects.toMatchObject({
      code: 'service_unavailable',
      message: `No instance of ${owner} is running.`,
    });
    await expect(sender.bus.publishEvent(Worked, { task: 'a' }, TENANT)).resolves.toBeUndefined();
  });

  it('fails in time when the broker does not answer any more', async () => {
    proxy.freeze();
    await expect(sender.bus.publishEvent(Worked, { task: 'a' }, TENANT)).rejects.toMatchObject({
      code: 'service_unavailable',
    });
  });
});
