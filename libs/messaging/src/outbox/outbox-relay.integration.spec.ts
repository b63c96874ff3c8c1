import { Controller, Global, Module } from '@nestjs/common';
import { FakeAmqplib } from '@onify/fake-amqplib';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { Database } from '@parley/persistence';
import { DataSource } from 'typeorm';
import { type BrokerConnect } from '../connection/broker-connect.js';
import { eventually } from '../fixtures/eventually.fixture.js';
import { createOutbox, describeOnPostgres, type OutboxDatabase } from '../fixtures/outbox-database.fixture.js';
import { bootApp, startApp, TENANT, type TestApp } from '../fixtures/test-app.fixture.js';
import { messagesOf, type WorkPayload } from '../fixtures/test-messages.fixture.js';
import { type MessageContext } from '../message-context.js';
import { HandleCommand } from '../nest/handle.decorators.js';
import { ack, type Outcome, retry } from '../outcome.js';
import { OutboxRelay } from './outbox-relay.js';
import { OutboxRepository } from './outbox.repository.js';

const { Work } = messagesOf('memory');
const url = 'amqp://embedded';

let handled: { task: string; attempt: number; messageId: string }[];
let outcomeOf: (attempt: number) => Outcome;

@Controller()
class WorkConsumer {
  @HandleCommand(Work)
  async work({ task }: WorkPayload, { attempt, messageId }: MessageContext): Promise<Outcome> {
    handled.push({ task, attempt, messageId });
    return outcomeOf(attempt);
  }
}

describeOnPostgres('a command in the outbox', (databaseUrl) => {
  const apps: TestApp[] = [];
  let outbox: OutboxDatabase;
  let connect: BrokerConnect;
  let isBrokerUp: boolean;

  beforeEach(async () => {
    handled = [];
    outcomeOf = () => ack();
    outbox = await createOutbox(
      new DataSource({ type: 'postgres', url: databaseUrl, poolSize: 5, installExtensions: false }),
    );
    const broker = new FakeAmqplib('3.10');
    isBrokerUp = true;
    connect = (to) => (isBrokerUp ? broker.connect(to) : Promise.reject(new Error('ECONNREFUSED')));
  });

  afterEach(async () => {
    for (const app of apps.splice(0)) await app.close();
    await outbox.drop();
  });

  function databaseModule() {
    @Global()
    @Module({ providers: [{ provide: Database, useValue: outbox.database }], exports: [Database] })
    class DatabaseModule {}
    return DatabaseModule;
  }

  async function start(boot: typeof startApp, outboxPollMs = 20): Promise<TestApp> {
    const app = await boot({
      ...{ app: 'memory', url, connect, controllers: [WorkConsumer], imports: [databaseModule()] },
      ...{ outbox: { schema: outbox.schema }, outboxPollMs },
    });
    apps.push(app);
    return app;
  }

  const add = (app: TestApp, task: string) =>
    outbox.inTransaction((tx) => app.nest.get(OutboxRepository).add(tx, Work, { task }, TENANT));

  it('is handled, and marked as sent', async () => {
    const memory = await start(startApp);
    const messageId = await add(memory, 'a');
    await eventually(() => expect(handled).toEqual([{ task: 'a', attempt: 1, messageId }]));
    await eventually(async () => {
      expect(await outbox.rows()).toEqual([expect.objectContaining({ sent_at: expect.any(Date) })]);
    });
  });

  it('waits for the broker without losing tries, and is sent when it comes', async () => {
    isBrokerUp = false;
    const memory = await start(bootApp);
    await add(memory, 'a');
    isBrokerUp = true;
    await eventually(() => expect(handled).toHaveLength(1));
    expect(await outbox.rows()).toEqual([expect.objectContaining({ attempts: 0 })]);
  });

  it('is tried until somebody has declared its queue', async () => {
    const { Work: Unhandled } = messagesOf('nobody');
    const memory = await start(startApp);
    await outbox.inTransaction((tx) => memory.nest.get(OutboxRepository).add(tx, Unhandled, { task: 'a' }, TENANT));
    await eventually(async () => {
      expect(await outbox.rows()).toEqual([
        expect.objectContaining({ sent_at: null, attempts: 1, last_error: 'No queue takes nobody.work.v1.' }),
      ]);
    });
  });

  it('goes back to the outbox for its retry', async () => {
    outcomeOf = (attempt) => (attempt === 1 ? retry({ delayMs: 30 }) : ack());
    const memory = await start(startApp);
    const messageId = await add(memory, 'a');
    await eventually(() => expect(handled.map(({ attempt }) => attempt)).toEqual([1, 2]));
    expect(handled[1]!.messageId).toBe(messageId);
    await eventually(async () => {
      expect(await outbox.rows()).toEqual([
        expect.objectContaining({ delivery_attempt: 2, sent_at: expect.any(Date) }),
      ]);
    });
  });

  it('is sent at once after a poke', async () => {
    const memory = await start(startApp, 60_000);
    await add(memory, 'a');
    memory.nest.get(OutboxRelay).poke();
    await eventually(() => expect(handled).toHaveLength(1));
  });

  it('is sent once by several relays, all of a long queue', async () => {
    const memory = await start(startApp);
    await start(startApp);
    const tasks = Array.from({ length: 250 }, (_, index) => `task ${index}`);
    await outbox.inTransaction(async (tx) => {
      for (const task of tasks) await memory.nest.get(OutboxRepository).add(tx, Work, { task }, TENANT);
    });
    await eventually(() => expect(handled).toHaveLength(250));
    expect(new Set(handled.map(({ task }) => task)).size).toBe(250);
  });

  it('survives a database that fails for a while', async () => {
    const memory = await start(startApp);
    const { withoutTenant } = outbox.database;
    let failures = 0;
    outbox.database.withoutTenant = async () => {
      failures += 1;
      throw new Error('the database is away');
    };
    await add(memory, 'a');
    await eventually(() => expect(failures).toBeGreaterThan(0));
    outbox.database.withoutTenant = withoutTenant;
    await eventually(() => expect(handled).toHaveLength(1));
  });
});
