import { FakeAmqplib } from '@onify/fake-amqplib';
import { Controller } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually } from '../fixtures/eventually.fixture.js';
import { startApp, TENANT, type TestApp } from '../fixtures/test-app.fixture.js';
import { messagesOf, type WorkPayload } from '../fixtures/test-messages.fixture.js';
import { type MessageContext } from '../message-context.js';
import { HandleSignal } from '../nest/handle.decorators.js';

const { Told } = messagesOf('listener');

describe('a signal', () => {
  let heard: { instance: string; task: string; tenantId: string }[];
  const apps: TestApp[] = [];
  let teller: TestApp;

  function listener(instance: string) {
    @Controller()
    class Listener {
      @HandleSignal(Told)
      told({ task }: WorkPayload, { tenant }: MessageContext): void {
        if (task === 'fail') throw new Error('as asked');
        heard.push({ instance, task, tenantId: tenant.tenantId });
      }
    }
    return Listener;
  }

  beforeEach(async () => {
    heard = [];
    const { connect } = new FakeAmqplib('3.10');
    const options = { url: 'amqp://embedded', connect };
    apps.push(await startApp({ ...options, app: 'listener', controllers: [listener('first')] }));
    apps.push(await startApp({ ...options, app: 'listener', controllers: [listener('second')] }));
    teller = await startApp({ ...options, app: 'teller' });
    apps.push(teller);
  });

  afterEach(async () => {
    for (const app of apps.splice(0)) await app.close();
  });

  it('reaches every instance of the service, with the tenant of its sender', async () => {
    teller.bus.signal(Told, { task: 'stop' }, TENANT);
    await eventually(() => expect(heard).toHaveLength(2));
    const { tenantId } = TENANT;
    expect(heard).toEqual(
      expect.arrayContaining([
        { instance: 'first', task: 'stop', tenantId },
        { instance: 'second', task: 'stop', tenantId },
      ]),
    );
  });

  it('that a handler fails on, or that is malformed, leaves the next ones alone', async () => {
    teller.bus.signal(Told, { task: 'fail' }, TENANT);
    teller.bus.signal(Told, { task: 1 } as never, TENANT);
    teller.bus.signal(Told, { task: 'go on' }, TENANT);
    await eventually(() => expect(heard.map(({ task }) => task)).toEqual(['go on', 'go on']));
  });

  it('is missed by who is away', async () => {
    await apps.shift()!.close();
    teller.bus.signal(Told, { task: 'stop' }, TENANT);
    await eventually(() => expect(heard.map(({ instance }) => instance)).toEqual(['second']));
  });
});
