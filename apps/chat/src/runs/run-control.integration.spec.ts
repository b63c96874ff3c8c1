import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { CancelRun, FindRunUnderWay, GetRun, GetRunEvents, type RunEvent, type TenantContext } from '@parley/contracts';
import { migrate } from '@parley/persistence';
import {
  createTestDatabase,
  createTestVhost,
  describeWithServices,
  eventually,
  type ProviderStub,
  startProviderStub,
  type TestDatabase,
  type TestVhost,
} from '@parley/testing';
import { v7 as uuidv7 } from 'uuid';
import { type RunningSuite } from '../fixtures/running-suite.fixture.js';
import { someTenant } from '../fixtures/samples.js';

// First of all: Jest cannot load CommonJS packages while the ES modules that they require are being loaded.
await import('@nestjs/common');
const { startSuite } = await import('../fixtures/running-suite.fixture.js');

const WORDS = Array.from({ length: 60 }, (_, i) => `word${i} `);

describeWithServices('a run that is listened to and stopped', () => {
  let database: TestDatabase;
  let broker: TestVhost;
  let provider: ProviderStub;
  let suite: RunningSuite;
  let tenant: TenantContext;

  beforeAll(async () => {
    [database, broker, provider] = await Promise.all([
      createTestDatabase({ prepare: migrate, template: 'migrated' }),
      createTestVhost(),
      startProviderStub(),
    ]);
    const services = { databaseUrl: database.url, rabbitmqUrl: broker.url, providerUrl: provider.baseUrl };
    suite = await startSuite(services);
    await suite.addChat();
    await suite.addChat({ RUN_ABANDON_GRACE_MS: '300' });
  });

  afterAll(async () => {
    await suite?.stop();
    await provider?.close();
    await Promise.all([database?.drop(), broker?.drop()]);
  });

  beforeEach(() => {
    tenant = someTenant();
    provider.answer = { tokens: WORDS, intervalMs: 40 };
  });

  const textOf = (events: RunEvent[]) => events.map((event) => (event.type === 'text' ? event.text : '')).join('');
  const view = (id: string) => suite.ask(GetRun, { id }, tenant);
  const started = (id: string) =>
    eventually(async () => {
      const run = await view(id);
      expect(run.output?.text).toMatch(/^word0 /);
      return run;
    });

  async function hear(events: AsyncIterable<{ data: RunEvent }>): Promise<RunEvent[]> {
    const heard: RunEvent[] = [];
    for await (const { data } of events) heard.push(data);
    return heard;
  }

  it('is heard by several listeners, each from its own place on, to the same end', async () => {
    const { reply, read } = await suite.startRun(tenant);
    const reading = read();
    await started(reply.runId);
    const others = await Promise.all([0, 3, 17].map((after) => hear(suite.attach(tenant, reply.runId, after))));
    const events = await reading;
    const whole = WORDS.join('');
    expect(textOf(events)).toBe(whole);
    expect(others.map(textOf)).toEqual([whole, whole.slice(3), whole.slice(17)]);
    for (const heard of others) {
      expect(heard[0]).toEqual({ type: 'attached' });
      expect(heard.at(-1)).toEqual(events.at(-1));
    }
  });

  it('tells from what is stored what a listener has missed when it has ended', async () => {
    provider.answer = 'It lasts two years.';
    const { reply, read } = await suite.startRun(tenant);
    await read();
    const { state, ...rest } = await suite.ask(GetRunEvents, { id: reply.runId, after: 9 }, tenant);
    expect([state, rest]).toEqual([
      'ended',
      {
        run: expect.objectContaining({ status: 'completed' }),
        events: [
          { type: 'text', text: 'two years.' },
          expect.objectContaining({ type: 'completed', finishReason: 'stop' }),
        ],
      },
    ]);
    expect(await suite.ask(GetRunEvents, { id: reply.runId, after: 20 }, tenant)).toMatchObject({ events: [] });
  });

  it('is remembered a while by its process when it is stored nowhere, and then expired', async () => {
    provider.answer = 'A secret.';
    const { reply, read } = await suite.startRun(tenant, { store: false });
    await read();
    expect(await suite.ask(GetRunEvents, { id: reply.runId, after: 2 }, tenant)).toMatchObject({ state: 'expired' });
    expect(textOf(await hear(suite.attach(tenant, reply.runId, 2)))).toBe('secret.');
  });

  it('is stopped from anywhere, keeps its text, and the provider is told at once', async () => {
    const { reply, read } = await suite.startRun(tenant);
    const reading = read();
    await started(reply.runId);
    const startedAt = performance.now();
    const cancelled = await suite.ask(CancelRun, { id: reply.runId }, tenant);
    expect(cancelled).toMatchObject({
      status: 'cancelled',
      error: { code: 'run_cancelled' },
      usage: { estimated: true, completionTokens: expect.any(Number) },
    });
    expect(performance.now() - startedAt).toBeLessThan(3_000);
    const events = await reading;
    expect(events.at(-1)).toMatchObject({ type: 'cancelled' });
    expect(cancelled.output!.text).toBe(textOf(events));
    await eventually(() => expect(provider.requests.at(-1)).toMatchObject({ aborted: true }));
    expect(await suite.ask(CancelRun, { id: reply.runId }, tenant)).toEqual(cancelled);
  });

  it('is stopped before the model has said anything', async () => {
    provider.answer = { tokens: WORDS, firstTokenDelayMs: 20_000 };
    const { reply, read } = await suite.startRun(tenant);
    const reading = read();
    const underWay = (who: TenantContext) =>
      suite.ask(FindRunUnderWay, { conversationId: reply.conversationId! }, who).then(({ run }) => run?.id ?? null);
    expect([await underWay(tenant), await underWay(someTenant())]).toEqual([reply.runId, null]);
    expect(await suite.ask(CancelRun, { id: reply.runId }, tenant)).toMatchObject({ status: 'cancelled' });
    expect(await underWay(tenant)).toBeNull();
    expect(textOf(await reading)).toBe('');
  });

  it('has one end when it is stopped while it completes', async () => {
    for (let round = 0; round < 10; round++) {
      provider.answer = { tokens: ['one ', 'two'], intervalMs: 3 };
      const { reply, read } = await suite.startRun(tenant);
      const [events, view] = await Promise.all([read(), suite.ask(CancelRun, { id: reply.runId }, tenant)]);
      expect(events.filter(({ type }) => type === 'completed' || type === 'cancelled')).toHaveLength(1);
      expect(events.at(-1)!.type).toBe(view.status);
    }
  });

  it('goes on when its listener leaves, until the grace is over', async () => {
    for (const app of suite.chats.splice(0, 2)) await app.close();
    const { reply } = await suite.startRun(tenant);
    await started(reply.runId);
    suite.control(tenant, { runId: reply.runId, action: 'leave', streamId: reply.runId });
    const ended = await eventually(async () => {
      const run = await view(reply.runId);
      expect(run.status).not.toBe('in_progress');
      return run;
    });
    expect(ended).toMatchObject({ status: 'cancelled', error: { message: 'Nobody listened to the run for 0 s.' } });
    expect(ended.output!.text.length).toBeLessThan(WORDS.join('').length);
    expect(ended.usage).toMatchObject({ estimated: true });
  });

  it('of somebody else is not there', async () => {
    const { reply, read } = await suite.startRun(tenant);
    const reading = read();
    const stranger = someTenant();
    for (const ask of [
      suite.ask(GetRun, { id: reply.runId }, stranger),
      suite.ask(CancelRun, { id: reply.runId }, stranger),
      suite.ask(GetRunEvents, { id: reply.runId, after: 0 }, stranger),
    ]) {
      await expect(ask).rejects.toMatchObject({ code: 'not_found' });
    }
    suite.control(stranger, { runId: reply.runId, action: 'cancel' });
    expect(textOf(await reading)).toBe(WORDS.join(''));
    await expect(suite.ask(GetRun, { id: uuidv7() }, tenant)).rejects.toMatchObject({ code: 'not_found' });
  });
});
