import { Controller } from '@nestjs/common';
import { FakeAmqplib } from '@onify/fake-amqplib';
import { afterEach, describe, expect, it } from '@jest/globals';
import { register } from 'prom-client';
import { type BrokerConnect } from './connection/broker-connect.js';
import { eventually } from './fixtures/eventually.fixture.js';
import { bootApp, startApp, TENANT, type TestApp } from './fixtures/test-app.fixture.js';
import {
  type AskReply,
  type AskRequest,
  messagesOf,
  question,
  type WorkPayload,
} from './fixtures/test-messages.fixture.js';
import { untilAborted } from './fixtures/until-aborted.fixture.js';
import { type MessageContext } from './message-context.js';
import { HandleCommand, HandleRpc } from './nest/handle.decorators.js';
import { ack, type Outcome } from './outcome.js';

const { Ask, Work } = messagesOf('memory');
const url = 'amqp://embedded';

let answer: (request: AskRequest, context: MessageContext) => Promise<AskReply>;
let work: (payload: WorkPayload, context: MessageContext) => Promise<Outcome>;

@Controller()
class MemoryConsumer {
  @HandleRpc(Ask)
  ask(request: AskRequest, context: MessageContext): Promise<AskReply> {
    return answer(request, context);
  }

  @HandleCommand(Work)
  work(payload: WorkPayload, context: MessageContext): Promise<Outcome> {
    return work(payload, context);
  }
}

const controllers = [MemoryConsumer];
const apps: TestApp[] = [];
async function opened(starting: Promise<TestApp>): Promise<TestApp> {
  const app = await starting;
  apps.push(app);
  return app;
}

afterEach(async () => {
  for (const app of apps.splice(0)) await app.close();
});

async function connectedGauge(app: string): Promise<number | undefined> {
  const { values } = await register.getSingleMetric('parley_broker_connected')!.get();
  return values.find(({ labels }) => labels.app === app)?.value;
}

describe('an app without its broker', () => {
  it('starts, fails what needs the broker at once, and connects when the broker comes', async () => {
    const broker = new FakeAmqplib('3.10');
    let isUp = false;
    const connect: BrokerConnect = (to) => (isUp ? broker.connect(to) : Promise.reject(new Error('ECONNREFUSED')));
    const { bus } = await opened(bootApp({ app: 'gateway', url, connect }));
    const away = { code: 'service_unavailable', retryAfterMs: expect.any(Number) };
    expect(bus.isConnected).toBe(false);
    expect(await connectedGauge('gateway')).toBe(0);
    await expect(bus.request(Ask, question('x'), TENANT)).rejects.toMatchObject(away);
    await expect(bus.publishCommand(Work, { task: 'a' }, TENANT, { messageId: 'a' })).rejects.toMatchObject(away);
    await expect(bus.whenConnected(20)).rejects.toMatchObject(away);
    isUp = true;
    await bus.whenConnected(5_000);
    expect(await connectedGauge('gateway')).toBe(1);
  });

  it('closes while it still tries to connect', async () => {
    const app = await bootApp({ app: 'gateway', url, connect: () => new Promise(() => undefined) });
    await app.close();
    expect(app.bus.isConnected).toBe(false);
  });
});

describe('an app whose broker is short of memory', () => {
  it('fails what needs the broker at once until the broker takes messages again', async () => {
    const broker = new FakeAmqplib('3.10');
    const { bus } = await opened(startApp({ app: 'gateway', url, connect: broker.connect }));
    for (const connection of broker.connections) connection.emit('blocked', 'low on memory');
    expect(bus.isConnected).toBe(false);
    await expect(bus.request(Ask, question('x'), TENANT)).rejects.toMatchObject({ code: 'service_unavailable' });
    for (const connection of broker.connections) connection.emit('unblocked');
    expect(bus.isConnected).toBe(true);
  });
});

describe('an app that loses its broker', () => {
  it('fails pending requests at once and declares everything anew on an empty broker', async () => {
    answer = (_request, { signal }) => untilAborted(signal);
    const broker = new FakeAmqplib('3.10');
    const gateway = await opened(startApp({ app: 'gateway', url, connect: broker.connect }));
    await opened(startApp({ app: 'memory', url, connect: broker.connect, controllers }));
    const pending = gateway.bus.request(Ask, question('x'), TENANT, { timeoutMs: 500 });
    const failed = expect(pending).rejects.toMatchObject({ code: 'service_unavailable' });
    // The embedded broker forgets everything when its last connection closes.
    for (const connection of [...broker.connections]) await connection.close();
    await failed;
    answer = async () => ({ answer: 'again' });
    await eventually(async () => {
      await expect(gateway.bus.request(Ask, question('x'), TENANT)).resolves.toEqual({ answer: 'again' });
    });
  });

  it('subscribes again when the broker ends a single channel', async () => {
    answer = async () => ({ answer: 'still here' });
    const broker = new FakeAmqplib('3.10');
    const gateway = await opened(startApp({ app: 'gateway', url, connect: broker.connect }));
    await opened(startApp({ app: 'memory', url, connect: broker.connect, controllers }));
    for (const connection of broker.connections) {
      for (const channel of connection._channels) {
        const consumers = broker.connections[0]!._broker.getConsumers();
        const serves = consumers.some(
          ({ queue, options }) =>
            queue === 'parley.memory.rpc' &&
            (options as { channelName?: string })?.channelName === channel._channelName,
        );
        if (serves) await channel.close();
      }
    }
    await expect(gateway.bus.request(Ask, question('x'), TENANT)).rejects.toMatchObject({
      code: 'service_unavailable',
    });
    await eventually(async () => {
      await expect(gateway.bus.request(Ask, question('x'), TENANT)).resolves.toEqual({ answer: 'still here' });
    });
  });
});

describe('an app that stops', () => {
  it('answers and acknowledges what is in flight, and takes nothing more', async () => {
    const { connect } = new FakeAmqplib('3.10');
    const gateway = await opened(startApp({ app: 'gateway', url, connect }));
    const memory = await startApp({ app: 'memory', url, connect, controllers });
    let finish = (): void => undefined;
    const finished = new Promise<void>((resolve) => (finish = resolve));
    let handled = 0;
    answer = async () => finished.then(() => ({ answer: 'done' }));
    work = async () => {
      await finished;
      handled += 1;
      return ack();
    };
    const request = gateway.bus.request(Ask, question('x'), TENANT);
    await gateway.bus.publishCommand(Work, { task: 'first' }, TENANT, { messageId: 'first' });
    const closing = memory.close();
    await gateway.bus.publishCommand(Work, { task: 'second' }, TENANT, { messageId: 'second' });
    finish();
    await expect(request).resolves.toEqual({ answer: 'done' });
    await closing;
    expect(handled).toBe(1);
    const probe = await (await connect(url)).createChannel();
    await expect(probe.checkQueue('parley.memory.work.v1')).resolves.toMatchObject({ messageCount: 1 });
  });

  it('aborts handlers that do not finish in time and leaves their messages to others', async () => {
    const { connect } = new FakeAmqplib('3.10');
    const gateway = await opened(startApp({ app: 'gateway', url, connect }));
    const memory = await startApp({ app: 'memory', url, connect, controllers, drainTimeoutMs: 50 });
    let reason: unknown;
    work = async (_payload, { signal }) => {
      reason = await untilAborted(signal).catch((why: unknown) => why);
      return new Promise(() => undefined);
    };
    await gateway.bus.publishCommand(Work, { task: 'a' }, TENANT, { messageId: 'a' });
    await memory.close();
    expect(reason).toEqual(new Error('The app is stopping.'));
    const probe = await (await connect(url)).createChannel();
    await expect(probe.checkQueue('parley.memory.work.v1')).resolves.toMatchObject({ messageCount: 1 });
  });
});
