import { Controller, type Type } from '@nestjs/common';
import { FakeAmqplib } from '@onify/fake-amqplib';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type ConsumeMessage } from 'amqplib';
import { register } from 'prom-client';
import { eventually } from '../fixtures/eventually.fixture.js';
import { startApp, TENANT, type TestApp } from '../fixtures/test-app.fixture.js';
import { messagesOf, type WorkPayload } from '../fixtures/test-messages.fixture.js';
import { untilAborted } from '../fixtures/until-aborted.fixture.js';
import { type MessageContext } from '../message-context.js';
import { HandleCommand, HandleEvent } from '../nest/handle.decorators.js';
import { ack, deadLetter, type Outcome, retry } from '../outcome.js';

const { Work, Worked } = messagesOf('memory');
const URL = 'amqp://embedded';

let work: (payload: WorkPayload, context: MessageContext) => Promise<Outcome>;
let seen: MessageContext[];

@Controller()
class WorkConsumer {
  @HandleCommand(Work, { prefetch: 5, concurrency: 2, maxAttempts: 3, timeoutMs: 100 })
  async work(payload: WorkPayload, context: MessageContext): Promise<Outcome> {
    seen.push(context);
    return work(payload, context);
  }
}

describe('a command', () => {
  let broker: FakeAmqplib;
  let memory: TestApp;
  let dead: ConsumeMessage[];

  const send = (task: string, messageId = task) => memory.bus.publishCommand(Work, { task }, TENANT, { messageId });

  beforeEach(async () => {
    work = async () => ack();
    seen = [];
    dead = [];
    broker = new FakeAmqplib('3.10');
    memory = await startApp({ app: 'memory', url: URL, connect: broker.connect, controllers: [WorkConsumer] });
    const probe = await (await broker.connect(URL)).createChannel();
    await probe.consume('parley.memory.work.v1.dead', (message) => dead.push(message!), { noAck: true });
  });

  afterEach(() => memory.close());

  async function waiting(): Promise<number> {
    const probe = await (await broker.connect(URL)).createChannel();
    return (await probe.checkQueue('parley.memory.work.v1')).messageCount;
  }

  it('is done once when its handler acknowledges it', async () => {
    await send('a');
    await eventually(async () => expect(await waiting()).toBe(0));
    expect(seen).toEqual([expect.objectContaining({ messageId: 'a', attempt: 1, tenant: TENANT, deadline: null })]);
  });

  it('is counted by its outcome', async () => {
    const done = async () => {
      const { values } = await register.getSingleMetric('parley_messages_handled_total')!.get();
      return values.find(({ labels }) => labels.message === Work.name && labels.outcome === 'ack')?.value ?? 0;
    };
    const before = await done();
    await send('a');
    await eventually(async () => expect(await done()).toBe(before + 1));
  });

  it('is refused while nobody has ever declared its queue', async () => {
    const { Work: Unknown } = messagesOf('nobody');
    await expect(memory.bus.publishCommand(Unknown, { task: 'a' }, TENANT, { messageId: 'a' })).rejects.toMatchObject({
      code: 'service_unavailable',
    });
  });

  it('is tried again with a counted attempt when its handler says so or throws', async () => {
    work = async (_payload, { attempt }) => {
      if (attempt === 1) return retry({ delayMs: 1 });
      return ack();
    };
    await send('a');
    await eventually(() => expect(seen.map(({ attempt }) => attempt)).toEqual([1, 2]));
    expect(seen.map(({ messageId }) => messageId)).toEqual(['a', 'a']);
    expect(dead).toHaveLength(0);
  });

  it('is dead-lettered with the code its handler gives, with what it was', async () => {
    work = async () => deadLetter('blob_missing');
    await send('a');
    await eventually(() => expect(dead).toHaveLength(1));
    expect(JSON.parse(dead[0]!.content.toString())).toEqual({ task: 'a' });
    expect(dead[0]!.properties).toMatchObject({
      messageId: 'a',
      headers: {
        'x-dead-letter-code': 'blob_missing',
        'x-original-queue': 'parley.memory.work.v1',
        'x-wire-name': 'memory.work.v1',
        'x-attempt': 1,
        'x-tenant': JSON.stringify(TENANT),
      },
    });
    expect(await waiting()).toBe(0);
  });

  it('is dead-lettered when its tries are used up', async () => {
    work = async () => retry({ delayMs: 1 });
    await send('a');
    await eventually(() => expect(dead).toHaveLength(1));
    expect(seen.map(({ attempt }) => attempt)).toEqual([1, 2, 3]);
    expect(dead[0]!.properties.headers).toMatchObject({ 'x-dead-letter-code': 'retries_exhausted' });
  });

  it.each([
    ['is not JSON', '{no json', { 'x-tenant': JSON.stringify(TENANT) }],
    ['lacks its tenant', '{"task":"a"}', {}],
    ['has a forged tenant', '{"task":"a"}', { 'x-tenant': '{"tenantId":"1","userId":"1","role":"admin"}' }],
    ['is invalid', '{"task":5}', { 'x-tenant': JSON.stringify(TENANT) }],
    ['is no object', 'null', { 'x-tenant': JSON.stringify(TENANT) }],
  ])('that %s is dead-lettered and never handled', async (_what, body, headers) => {
    const channel = await (await broker.connect(URL)).createChannel();
    channel.publish('parley.commands', Work.name, Buffer.from(body), { messageId: 'bad', headers });
    await eventually(() => expect(dead).toHaveLength(1));
    expect(dead[0]!.properties.headers).toMatchObject({ 'x-dead-letter-code': 'invalid_message' });
    expect(dead[0]!.content.toString()).toBe(body);
    expect(seen).toHaveLength(0);
  });

  it('aborts a handler that takes too long and is tried again', async () => {
    const reasons: unknown[] = [];
    work = async (_payload, { attempt, signal }) => {
      if (attempt > 1) return ack();
      return untilAborted(signal).catch((reason: unknown) => {
        reasons.push(reason);
        return retry({ delayMs: 1 });
      });
    };
    await send('a');
    await eventually(() => expect(seen).toHaveLength(2));
    expect(reasons).toEqual([expect.objectContaining({ code: 'timeout' })]);
  });

  it('is worked on with no more than the configured concurrency', async () => {
    let running = 0;
    let most = 0;
    work = async () => {
      most = Math.max(most, (running += 1));
      await new Promise((resolve) => setTimeout(resolve, 5));
      running -= 1;
      return ack();
    };
    await Promise.all(['a', 'b', 'c', 'd', 'e', 'f', 'g'].map((task) => send(task)));
    await eventually(() => expect(seen).toHaveLength(7));
    expect(most).toBe(2);
  });
});

describe('the length of a queue', () => {
  it('counts what waits, and is nothing for a queue that nobody has declared', async () => {
    const { connect } = new FakeAmqplib('3.10');
    work = async () => ack();
    const memory = await startApp({ app: 'memory', url: URL, connect, controllers: [WorkConsumer] });
    const sender = await startApp({ app: 'gateway', url: URL, connect });
    await expect(sender.bus.queueLength(messagesOf('nobody').Work)).resolves.toBe(0);
    await memory.close();
    await sender.bus.publishCommand(Work, { task: 'a' }, TENANT, { messageId: 'a' });
    await expect(sender.bus.queueLength(Work)).resolves.toBe(1);
    await sender.close();
    await expect(sender.bus.queueLength(Work)).rejects.toMatchObject({ code: 'service_unavailable' });
  });
});

describe('an event', () => {
  it('reaches every subscribing app once, whatever the number of its instances', async () => {
    const { connect } = new FakeAmqplib('3.10');
    const heard: string[] = [];
    const listener = (name: string): Type => {
      @Controller()
      class Listener {
        @HandleEvent(Worked)
        async on({ task }: WorkPayload): Promise<Outcome> {
          heard.push(`${name} heard ${task}`);
          return ack();
        }
      }
      return Listener;
    };
    const start = (app: string) => startApp({ app, url: URL, connect, controllers: [listener(app)] });
    const apps = [await start('gateway'), await start('chat'), await start('chat')];
    await apps[0]!.bus.publishEvent(Worked, { task: 'a' }, TENANT);
    await eventually(() => expect(heard.toSorted()).toEqual(['chat heard a', 'gateway heard a']));
    for (const app of apps) await app.close();
  });

  it('may have no subscriber', async () => {
    const { connect } = new FakeAmqplib('3.10');
    const memory = await startApp({ app: 'memory', url: URL, connect });
    await expect(memory.bus.publishEvent(Worked, { task: 'a' }, TENANT)).resolves.toBeUndefined();
    await memory.close();
  });
});
