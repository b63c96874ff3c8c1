import { Controller } from '@nestjs/common';
import { afterEach, expect, it } from '@jest/globals';
import { eventually } from '../fixtures/eventually.fixture.js';
import { describeOnRabbitMq, probe, uniqueOwner } from '../fixtures/real-broker.fixture.js';
import { startApp, TENANT, type TestApp } from '../fixtures/test-app.fixture.js';
import { type AskReply, messagesOf, question, type WorkPayload } from '../fixtures/test-messages.fixture.js';
import { HandleCommand, HandleRpc } from '../nest/handle.decorators.js';
import { ack, type Outcome } from '../outcome.js';
import { commandQueue } from '../topology.js';

const owner = uniqueOwner();
const { Ask, Work } = messagesOf(owner);
const queue = commandQueue(Work.name);

let started: string[];
let finished: string[];
let gate: PromiseWithResolvers<void>;

@Controller()
class SlowConsumer {
  @HandleRpc(Ask)
  async ask(): Promise<AskReply> {
    started.push('request');
    await gate.promise;
    finished.push('request');
    return { answer: 'in time' };
  }

  @HandleCommand(Work, { prefetch: 2, concurrency: 1 })
  async work({ task }: WorkPayload): Promise<Outcome> {
    started.push(task);
    await gate.promise;
    finished.push(task);
    return ack();
  }
}

describeOnRabbitMq('an app that is asked to stop', (url) => {
  let sender: TestApp;

  afterEach(async () => {
    await sender.close();
    const broker = await probe(url);
    await broker.remove(queue);
    await broker.close();
  });

  it('finishes what is in flight, returns what it only held, and takes nothing more', async () => {
    [started, finished, gate] = [[], [], Promise.withResolvers()];
    sender = await startApp({ app: `${owner}-sender`, url });
    const worker = await startApp({ app: owner, url, controllers: [SlowConsumer] });
    const reply = sender.bus.request(Ask, question('x'), TENANT, { timeoutMs: 5_000 });
    for (const task of ['first', 'held', 'queued']) {
      await sender.bus.publishCommand(Work, { task }, TENANT, { messageId: task });
    }
    await eventually(() => expect(started.toSorted()).toEqual(['first', 'request']));
    const closing = worker.close();
    await eventually(async () => {
      await expect(sender.bus.request(Ask, question('x'), TENANT)).rejects.toMatchObject({
        code: 'service_unavailable',
      });
    });
    expect(finished).toEqual([]);
    gate.resolve();
    await expect(reply).resolves.toEqual({ answer: 'in time' });
    await closing;
    expect(finished.toSorted()).toEqual(['first', 'request']);
    expect(started).toHaveLength(2);
    const broker = await probe(url);
    await eventually(async () => expect(await broker.waiting(queue)).toBe(2));
    const left = [await broker.take(queue), await broker.take(queue)].map((message) => message?.messageId);
    expect(left.toSorted()).toEqual(['held', 'queued']);
    await broker.close();
  });
});
