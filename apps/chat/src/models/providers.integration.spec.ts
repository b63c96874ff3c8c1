import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import {
  CancelRun,
  GetChatStatus,
  GetRun,
  GetVariantStatistics,
  ListModels,
  type RunEvent,
  type SpeechEvent,
  StartSpeech,
} from '@parley/contracts';
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

describeWithServices('several providers', () => {
  let database: TestDatabase;
  let broker: TestVhost;
  let main: ProviderStub;
  let spare: ProviderStub;
  let suite: RunningSuite;

  beforeAll(async () => {
    [database, broker, main, spare] = await Promise.all([
      createTestDatabase({ prepare: migrate, template: 'migrated' }),
      createTestVhost(),
      startProviderStub(),
      startProviderStub({ models: ['stub-spare'] }),
    ]);
    const limits = { max_retries: 0, max_concurrent_requests: 2, max_queued_requests: 0, breaker_threshold: 100 };
    const configuration = {
      providers: [
        { name: 'main', base_url: main.baseUrl, api_key_env: 'MAIN_KEY', idle_timeout_ms: 300, ...limits },
        { name: 'spare', base_url: spare.baseUrl, api_key_env: 'MAIN_KEY', all_models: true },
      ],
      models: [
        {
          name: 'smart',
          targets: [
            { provider: 'main', model: 'stub-chat' },
            { provider: 'spare', model: 'stub-spare' },
          ],
        },
        { name: 'plain', targets: [{ provider: 'main', model: 'stub-chat' }] },
      ],
      prices: [
        { provider: 'main', model: 'stub-chat', input: 1_000_000, output: 3_000_000 },
        { provider: 'spare', model: 'stub-spare', input: 2_000_000, output: 5_000_000 },
      ],
    };
    const services = { databaseUrl: database.url, rabbitmqUrl: broker.url, providerUrl: main.baseUrl };
    suite = await startSuite(services, {
      LLM_CONFIG: JSON.stringify(configuration),
      MAIN_KEY: 'sk-main',
      CHAT_MAX_CONCURRENT_RUNS: '4',
    });
  }, 60_000);

  afterAll(async () => {
    await suite?.stop();
    await Promise.all([main?.close(), spare?.close()]);
    await Promise.all([database?.drop(), broker?.drop()]);
  });

  afterEach(() => {
    main.answer = 'from main';
    spare.answer = 'from spare';
  });

  const textOf = (events: RunEvent[]) => events.map((event) => (event.type === 'text' ? event.text : '')).join('');

  it('are known by the names that are declared, and by provider and name where that is wanted', async () => {
    const models = await suite.ask(ListModels, {}, someTenant());
    expect(models.map(({ id, ownedBy }) => `${id} ${ownedBy}`)).toEqual([
      'smart main',
      'plain main',
      'spare/stub-spare spare',
    ]);
    await expect(suite.startRun(someTenant(), { model: 'stub-chat' })).rejects.toMatchObject({
      code: 'model_not_found',
    });
  });

  it('answer in order, and the run says who did, and what it cost', async () => {
    const tenant = someTenant();
    main.answer = 'from main';
    spare.answer = 'here is the spare';
    main.failNext({ kind: 'status', status: 503 });
    const { reply, read } = await suite.startRun(tenant, { messages: [{ role: 'user', content: 'one two three' }] });
    const events = await read();
    expect(textOf(events)).toBe('here is the spare');
    expect(reply).toMatchObject({ model: 'smart', provider: 'main' });
    const costMicros = 3 * 2 + 4 * 5;
    const usage = { promptTokens: 3, completionTokens: 4, estimated: false, costMicros };
    const origin = { provider: 'spare', model: 'stub-spare' };
    expect(events.at(-1)).toMatchObject({ type: 'completed', origin, usage });
    const run = await suite.ask(GetRun, { id: reply.runId }, tenant);
    expect(run).toMatchObject({ ...origin, requestedModel: 'smart', status: 'completed', usage });
  });

  it('answer for a model that a feature flag replaces, under its name', async () => {
    const tenant = someTenant();
    main.answer = 'from main';
    spare.answer = 'from spare';
    const modelFlags = [{ feature: 'canary', model: 'plain', replacement: 'spare/stub-spare', isOn: true }];
    const { reply, read } = await suite.startRun(tenant, { model: 'plain', modelFlags });
    expect(reply.model).toBe('plain');
    expect(textOf(await read())).toBe('from spare');
    const run = await suite.ask(GetRun, { id: reply.runId }, tenant);
    expect(run).toMatchObject({ provider: 'spare', model: 'stub-spare', requestedModel: 'plain' });
    const since = new Date(Date.now() - 60_000).toISOString();
    const [on] = await suite.ask(GetVariantStatistics, { samples: [{ variant: 'canary:on', since }] }, tenant);
    expect(on).toMatchObject({ completed: 1, failed: 0, answered: 1 });
  });

  it('never continue what another one has begun: the run fails and keeps its text', async () => {
    const tenant = someTenant();
    main.answer = { tokens: ['half ', 'an ', 'answer'], fault: { kind: 'hang-mid-stream', afterTokens: 2 } };
    const before = spare.requests.length;
    const { reply, read } = await suite.startRun(tenant, { model: 'smart' });
    const events = await read();
    expect(textOf(events)).toBe('half an ');
    expect(events.at(-1)).toMatchObject({ type: 'failed', error: { code: 'timeout' } });
    const run = await suite.ask(GetRun, { id: reply.runId }, tenant);
    expect(run).toMatchObject({ provider: 'main', status: 'failed', output: { text: 'half an ' } });
    expect(run.usage).toMatchObject({ estimated: true, costMicros: expect.any(Number) });
    expect(spare.requests.slice(before).filter(({ route }) => route === 'chat')).toEqual([]);
  });

  it('charge what was written before a stop, counted here and marked as such', async () => {
    const tenant = someTenant();
    main.answer = { tokens: Array.from({ length: 100 }, (_, i) => `word${i} `), intervalMs: 30 };
    const { reply, read } = await suite.startRun(tenant, { model: 'plain' });
    const events = await read(async (event) => {
      if (event.type === 'text') await suite.ask(CancelRun, { id: reply.runId }, tenant);
    });
    expect(events.at(-1)).toMatchObject({ type: 'cancelled', usage: { estimated: true } });
    const { usage } = await suite.ask(GetRun, { id: reply.runId }, tenant);
    expect(usage!.costMicros).toBe(usage!.promptTokens + 3 * usage!.completionTokens);
  });

  it('show their breaker and places, and refuse with a time to retry when nobody has a place', async () => {
    const tenant = someTenant();
    main.answer = { tokens: ['slow ', 'words'], firstTokenDelayMs: 3_000 };
    const running = await Promise.all([1, 2].map(() => suite.startRun(tenant, { model: 'plain' })));
    await eventually(async () => {
      const { providers } = await suite.ask(GetChatStatus, {}, tenant);
      expect(providers![0]).toEqual({
        ...{ name: 'main', state: 'closed', reachable: true },
        ...{ active: 2, queued: 0, maxActive: 2 },
      });
    });
    const refused = await (await suite.startRun(tenant, { model: 'plain' })).read();
    expect(refused.at(-1)).toMatchObject({
      type: 'failed',
      error: { code: 'service_unavailable', retryAfterMs: expect.any(Number) },
    });
    spare.answer = 'from spare';
    expect(textOf(await (await suite.startRun(tenant, { model: 'smart' })).read())).toBe('from spare');
    await Promise.all(running.map(({ reply }) => suite.ask(CancelRun, { id: reply.runId }, tenant)));
  });

  it('read texts aloud, the next one when the first does not begin', async () => {
    const said: Buffer[] = [];
    main.failNext({ kind: 'status', status: 503 }, { route: 'speech' });
    const speechId = uuidv7();
    const stream = suite.bus.openStream<SpeechEvent>(speechId, { idleTimeoutMs: 10_000, maxBuffered: 1_000 });
    const { streamAddress } = suite.bus;
    const request = { speechId, streamAddress, text: 'Read this aloud.', model: 'smart', format: 'mp3' as const };
    await suite.ask(StartSpeech, request, someTenant());
    const ends: SpeechEvent[] = [];
    for await (const { data } of stream) {
      if (data.type === 'audio') said.push(Buffer.from(data.data, 'base64'));
      else ends.push(data);
    }
    expect(Buffer.concat(said).toString()).toBe('Read this aloud.');
    expect(ends).toEqual([{ type: 'completed' }]);
    expect(spare.requests.at(-1)).toMatchObject({ route: 'speech', body: { model: 'stub-spare', voice: 'alloy' } });
    main.failNext({ kind: 'status', status: 400 }, { route: 'speech' });
    await expect(suite.ask(StartSpeech, { ...request, speechId: uuidv7() }, someTenant())).rejects.toMatchObject({
      code: 'invalid_request',
    });
  });

  it('are not asked by a service that is full: it refuses at once, with a time to retry, and takes the next one later', async () => {
    const tenant = someTenant();
    spare.answer = { tokens: ['slow ', 'words'], firstTokenDelayMs: 20_000 };
    const starts = await Promise.allSettled(
      Array.from({ length: 20 }, () => suite.startRun(tenant, { model: 'spare/stub-spare' })),
    );
    const accepted = starts.flatMap((start) => (start.status === 'fulfilled' ? [start.value] : []));
    const refused = starts.flatMap((start) => (start.status === 'rejected' ? [start.reason as unknown] : []));
    expect([accepted.length, refused.length]).toEqual([4, 16]);
    for (const error of refused) {
      expect(error).toMatchObject({ code: 'service_unavailable', retryAfterMs: expect.any(Number) });
    }
    await Promise.all(accepted.map(({ reply }) => suite.ask(CancelRun, { id: reply.runId }, tenant)));
    spare.answer = 'now';
    const { read } = await eventually(() => suite.startRun(tenant, { model: 'spare/stub-spare' }));
    expect(textOf(await read())).toBe('now');
  });
});
