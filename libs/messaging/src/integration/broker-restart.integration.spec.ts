import { execSync } from 'node:child_process';
import { Controller } from '@nestjs/common';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { eventually } from '../fixtures/eventually.fixture.js';
import { describeOnRabbitMq, probe, uniqueOwner } from '../fixtures/real-broker.fixture.js';
import { TcpProxy } from '../fixtures/tcp-proxy.fixture.js';
import { startApp, TENANT, type TestApp } from '../fixtures/test-app.fixture.js';
import { type AskReply, messagesOf, question, type WorkPayload } from '../fixtures/test-messages.fixture.js';
import { HandleCommand, HandleRpc } from '../nest/handle.decorators.js';
import { ack, type Outcome } from '../outcome.js';
import { commandQueue } from '../topology.js';

const owner = uniqueOwner();
const { Ask, Work } = messagesOf(owner);
const queue = commandQueue(Work.name);
/** Restarts the broker of TEST_RABBITMQ_URL and returns when it listens; without it the network fails instead. */
const restartCommand = process.env.TEST_RABBITMQ_RESTART_COMMAND;

const handled = new Set<string>();

@Controller()
class WorkConsumer {
  @HandleRpc(Ask)
  async ask(): Promise<AskReply> {
    return { answer: 'here' };
  }

  @HandleCommand(Work)
  async work({ task }: WorkPayload): Promise<Outcome> {
    handled.add(task);
    return ack();
  }
}

describeOnRabbitMq('a broker that goes away and returns', (url) => {
  let proxy: TcpProxy;
  let sender: TestApp;
  let worker: TestApp;

  beforeEach(async () => {
    proxy = await TcpProxy.start(url);
    sender = await startApp({ app: `${owner}-sender`, url: proxy.url, confirmTimeoutMs: 1_000 });
    worker = await startApp({ app: owner, url: proxy.url, controllers: [WorkConsumer] });
  });

  afterEach(async () => {
    await worker.close();
    await sender.close();
    await proxy.close();
    const broker = await probe(url);
    await broker.remove(queue);
    await broker.close();
  });

  it('loses nothing that was confirmed, and its consumers go on by themselves', async () => {
    const confirmed: string[] = [];
    let isSending = true;
    const sending = (async () => {
      for (let number = 1; isSending; number += 1) {
        const task = `task ${number}`;
        await sender.bus.publishCommand(Work, { task }, TENANT, { messageId: task }).then(
          () => confirmed.push(task),
          () => new Promise((resolve) => setTimeout(resolve, 10)),
        );
      }
    })();
    await eventually(() => expect(confirmed.length).toBeGreaterThan(20));
    proxy.takeDown();
    await eventually(() => expect(sender.bus.isConnected || worker.bus.isConnected).toBe(false));
    if (restartCommand) execSync(restartCommand, { stdio: 'ignore' });
    const before = confirmed.length;
    proxy.bringUp();
    await eventually(() => expect(confirmed.length).toBeGreaterThan(before + 20), 10_000);
    isSending = false;
    await sending;
    await eventually(() => expect(confirmed.filter((task) => !handled.has(task))).toEqual([]), 10_000);
  });

  it('finds its queues declared anew when it returns empty', async () => {
    const broker = await probe(url);
    proxy.takeDown();
    await broker.remove(queue);
    proxy.bringUp();
    await eventually(async () => {
      await sender.bus.publishCommand(Work, { task: 'after' }, TENANT, { messageId: 'after' });
      await expect(sender.bus.request(Ask, question('x'), TENANT)).resolves.toEqual({ answer: 'here' });
    }, 10_000);
    await eventually(() => expect(handled).toContain('after'));
    await broker.close();
  });

  it('brings back a subscription whose queue was deleted under a living connection', async () => {
    const broker = await probe(url);
    await broker.remove(queue);
    await eventually(() => sender.bus.publishCommand(Work, { task: 'again' }, TENANT, { messageId: 'again' }), 10_000);
    await eventually(() => expect(handled).toContain('again'));
    await broker.close();
  });
});
