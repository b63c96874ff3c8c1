import { Controller } from '@nestjs/common';
import { FakeAmqplib } from '@onify/fake-amqplib';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type Channel } from 'amqplib';
import { type BrokerConnect } from '../connection/broker-connect.js';
import { eventually } from '../fixtures/eventually.fixture.js';
import { bootApp, startApp, TENANT, type TestApp } from '../fixtures/test-app.fixture.js';
import { messagesOf, type WorkPayload } from '../fixtures/test-messages.fixture.js';
import { HandleCommand } from '../nest/handle.decorators.js';
import { ack, type Outcome } from '../outcome.js';
import { commandQueue, declareExchanges, declareWorkQueue } from '../topology.js';

const { Work } = messagesOf('memory');
const queue = commandQueue(Work.name);
const url = 'amqp://embedded';
const TRIES = 4;

let handled: string[];

@Controller()
class WorkConsumer {
  @HandleCommand(Work)
  async work({ task }: WorkPayload): Promise<Outcome> {
    handled.push(task);
    return ack();
  }
}

describe('a queue that nobody can subscribe to', () => {
  let broker: FakeAmqplib;
  let memory: TestApp;
  let sender: TestApp;
  /** What its consumers get to hear, until it is deleted. */
  let answer: (() => Promise<never>) | null;
  let [tries, deletions] = [0, 0];

  const silence = () => new Promise<never>(() => undefined);
  const refusal = () => Promise.reject(Object.assign(new Error('PRECONDITION_FAILED'), { code: 406 }));

  const connect: BrokerConnect = async (to) => {
    const model = await broker.connect(to);
    const createChannel = model.createChannel.bind(model);
    model.createChannel = async () => failing(await createChannel());
    return model;
  };

  function failing(channel: Channel): Channel {
    const { consume, deleteQueue } = channel;
    channel.consume = (name, ...rest) => {
      if (name !== queue || !answer) return consume.call(channel, name, ...rest);
      tries += 1;
      return answer();
    };
    channel.deleteQueue = (name, ...rest) => {
      deletions += 1;
      answer = null;
      return deleteQueue.call(channel, name, ...rest);
    };
    return channel;
  }

  beforeEach(async () => {
    [handled, broker, answer] = [[], new FakeAmqplib('3.10'), silence];
    [tries, deletions] = [0, 0];
    sender = await startApp({ app: 'sender', url, connect: broker.connect });
  });
  afterEach(async () => {
    await memory.close();
    await sender.close();
  });

  const start = async () => {
    memory = await bootApp({ app: 'memory', url, connect, controllers: [WorkConsumer], subscribeTimeoutMs: 50 });
  };
  const send = (task: string) => sender.bus.publishCommand(Work, { task }, TENANT, { messageId: task });

  it('is deleted after the second try that is not answered, and declared anew', async () => {
    await start();
    await eventually(() => expect(deletions).toBe(1));
    expect(tries).toBe(2);
    await eventually(() => send('after'));
    await eventually(() => expect(handled).toContain('after'));
  });

  it('is left alone while it holds something, and worked on once it answers', async () => {
    const channel = await (await broker.connect(url)).createConfirmChannel();
    await declareExchanges(channel);
    await declareWorkQueue(channel, { queue, exchange: 'parley.commands', wireName: Work.name, deliveryLimit: 5 });
    await send('before');
    await start();
    await eventually(() => expect(tries).toBeGreaterThanOrEqual(TRIES));
    answer = null;
    await eventually(() => expect(handled).toEqual(['before']));
    expect(deletions).toBe(0);
  });

  it('is left alone when the broker says why', async () => {
    answer = refusal;
    await start();
    await eventually(() => expect(tries).toBeGreaterThanOrEqual(TRIES));
    expect(deletions).toBe(0);
  });
});
