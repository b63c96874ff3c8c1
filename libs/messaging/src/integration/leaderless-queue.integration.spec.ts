import { Controller } from '@nestjs/common';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { describeWithPrivateServers, type Server, startPrivateRabbitMq } from '@parley/testing';
import { eventually } from '../fixtures/eventually.fixture.js';
import { uniqueOwner } from '../fixtures/real-broker.fixture.js';
import { startApp, TENANT, type TestApp } from '../fixtures/test-app.fixture.js';
import { messagesOf, type WorkPayload } from '../fixtures/test-messages.fixture.js';
import { HandleCommand } from '../nest/handle.decorators.js';
import { ack, type Outcome } from '../outcome.js';

const owner = uniqueOwner();
const { Work } = messagesOf(owner);
const handled = new Set<string>();

@Controller()
class WorkConsumer {
  @HandleCommand(Work)
  async work({ task }: WorkPayload): Promise<Outcome> {
    handled.add(task);
    return ack();
  }
}

/** RabbitMQ 3.10 nearly always leaves the queue without a leader then; whether it does makes no difference here. */
describeWithPrivateServers('a broker that is killed right after a queue was declared', () => {
  let broker: Server;
  let app: TestApp;

  beforeAll(async () => {
    broker = await startPrivateRabbitMq();
  }, 60_000);
  afterAll(async () => {
    await app?.close();
    await broker?.remove();
  }, 30_000);

  it('takes and hands out commands again without anybody’s help', async () => {
    const { url } = broker.endpoints;
    app = await startApp({ app: owner, url, controllers: [WorkConsumer], subscribeTimeoutMs: 3_000 });
    await broker.kill();
    await broker.start();
    await eventually(() => app.bus.publishCommand(Work, { task: 'after' }, TENANT, { messageId: 'after' }), 60_000);
    await eventually(() => expect(handled).toContain('after'), 60_000);
  }, 150_000);
});
