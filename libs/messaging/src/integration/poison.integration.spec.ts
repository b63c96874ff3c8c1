import { Controller } from '@nestjs/common';
import { afterEach, expect, it } from '@jest/globals';
import { eventually } from '../fixtures/eventually.fixture.js';
import { describeOnRabbitMq, probe, type QueueProbe, uniqueOwner } from '../fixtures/real-broker.fixture.js';
import { TcpProxy } from '../fixtures/tcp-proxy.fixture.js';
import { startApp, TENANT, type TestApp } from '../fixtures/test-app.fixture.js';
import { messagesOf, type WorkPayload } from '../fixtures/test-messages.fixture.js';
import { type MessageContext } from '../message-context.js';
import { HandleCommand } from '../nest/handle.decorators.js';
import { ack, type Outcome } from '../outcome.js';
import { commandQueue, deadLetterQueue } from '../topology.js';

const owner = uniqueOwner();
const { Work } = messagesOf(owner);
const queue = commandQueue(Work.name);

let handle: (payload: WorkPayload, context: MessageContext) => Promise<Outcome>;

@Controller()
class FragileConsumer {
  @HandleCommand(Work, { prefetch: 1 })
  work(payload: WorkPayload, context: MessageContext): Promise<Outcome> {
    return handle(payload, context);
  }
}

describeOnRabbitMq('a message that kills its consumer', (url) => {
  let sender: TestApp;
  let worker: TestApp;
  let proxy: TcpProxy;
  let broker: QueueProbe;

  afterEach(async () => {
    await worker.close();
    await sender.close();
    await proxy.close();
    await broker.remove(queue);
    await broker.close();
  });

  it('is set aside after the delivery limit, and the others are handled', async () => {
    proxy = await TcpProxy.start(url);
    broker = await probe(url);
    const deliveries: number[] = [];
    const handled: string[] = [];
    handle = async ({ task }, { attempt }) => {
      if (task === 'good') handled.push(task);
      else {
        deliveries.push(attempt);
        proxy.cut();
      }
      return ack();
    };
    sender = await startApp({ app: `${owner}-sender`, url });
    worker = await startApp({
      app: owner,
      url: proxy.url,
      controllers: [FragileConsumer],
      deliveryLimit: 2,
      drainTimeoutMs: 50,
    });
    await sender.bus.publishCommand(Work, { task: 'poison' }, TENANT, { messageId: 'poison' });
    await sender.bus.publishCommand(Work, { task: 'good' }, TENANT, { messageId: 'good' });
    await eventually(async () => {
      await expect(broker.take(deadLetterQueue(queue))).resolves.toMatchObject({ messageId: 'poison' });
    }, 15_000);
    await eventually(() => expect(handled).toEqual(['good']));
    expect(deliveries).toEqual([1, 2, 3]);
  });
});
