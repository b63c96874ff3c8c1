import { afterAll, beforeAll, beforeEach, expect, it, jest } from '@jest/globals';
import { CreateConversation, type SpeechEvent, StartSpeech, type TenantContext } from '@parley/contracts';
import { migrate } from '@parley/persistence';
import {
  createTestDatabase,
  createTestVhost,
  describeWithServices,
  eventually,
  type ProviderStub,
  type RecordedRequest,
  startProviderStub,
  type TestDatabase,
  type TestVhost,
} from '@parley/testing';
import { Client } from 'pg';
import { v7 as uuidv7 } from 'uuid';
import { type RunningSuite } from '../fixtures/running-suite.fixture.js';
import { someTenant } from '../fixtures/samples.js';

// First of all: Jest cannot load CommonJS packages while the ES modules that they require are being loaded.
await import('@nestjs/common');
const { startSuite } = await import('../fixtures/running-suite.fixture.js');

jest.setTimeout(30_000);

const MAIN = { provider: 'main', model: 'stub-chat' };
const SPARE = { provider: 'spare', model: 'stub-spare' };
const ASIDE = /^You (name conversations|keep the memory)/;

describeWithServices('what models are asked for beside runs', () => {
  let database: TestDatabase;
  let broker: TestVhost;
  let main: ProviderStub;
  let spare: ProviderStub;
  let suite: RunningSuite;
  let sql: Client;
  let tenant: TenantContext;

  beforeAll(async () => {
    [database, broker, main, spare] = await Promise.all([
      createTestDatabase({ prepare: migrate, template: 'migrated' }),
      createTestVhost(),
      startProviderStub(),
      startProviderStub({ models: ['stub-spare'] }),
    ]);
    const provider = (name: string, { baseUrl }: ProviderStub) => ({
      ...{ name, base_url: baseUrl, api_key_env: 'STUB_KEY', max_retries: 0, breaker_threshold: 100 },
    });
    const configuration = {
      providers: [provider('main', main), provider('spare', spare)],
      models: [{ name: 'smart', targets: [MAIN, SPARE] }],
      prices: [
        { ...MAIN, input: 1_000_000, output: 3_000_000, characters: 15_000_000 },
        { ...SPARE, input: 2_000_000, output: 5_000_000 },
      ],
    };
    const services = { databaseUrl: database.url, rabbitmqUrl: broker.url, providerUrl: main.baseUrl };
    suite = await startSuite(services, {
      ...{ LLM_CONFIG: JSON.stringify(configuration), STUB_KEY: 'sk-stub', SHORT_TERM_MEMORY_SIZE: '1' },
    });
    sql = new Client(database.url);
    await sql.connect();
  }, 60_000);

  afterAll(async () => {
    await suite?.stop();
    await Promise.all([sql?.end(), main?.close(), spare?.close()]);
    await Promise.all([database?.drop(), broker?.drop()]);
  });

  beforeEach(() => {
    tenant = someTenant();
    main.answer = 'One two three.';
    spare.answer = 'Spare words.';
  });

  const records = async () => {
    const { tenantId, userId } = tenant;
    const { rows } = await sql.query(
      'select * from chat.usage_records where tenant_id = $1 and user_id = $2 order by id',
      [tenantId, userId],
    );
    return rows as Record<string, unknown>[];
  };
  const recorded = (count: number) =>
    eventually(async () => {
      const rows = await records();
      expect(rows).toHaveLength(count);
      return rows;
    });
  const spoken = async (text: string, model = 'smart') => {
    const speechId = uuidv7();
    const stream = suite.bus.openStream<SpeechEvent>(speechId, { idleTimeoutMs: 10_000, maxBuffered: 1_000 });
    const { streamAddress } = suite.bus;
    await suite.ask(StartSpeech, { speechId, streamAddress, text, model, format: 'mp3' }, tenant);
    return stream;
  };

  it('are titles and summaries: their tokens and cost are kept, of who really replied', async () => {
    const isAside = ({ body }: RecordedRequest) => ASIDE.test((body['messages'] as { content: string }[])[0]!.content);
    const { id } = await suite.ask(CreateConversation, { id: uuidv7(), metadata: {} }, tenant);
    const say = async (content: string) => {
      const run = await suite.startRun(tenant, {
        ...{ model: 'smart', conversationId: id, messages: [{ role: 'user', content }] },
      });
      await run.read();
    };
    await say('What is a lease?');
    const [title] = await recorded(1);
    expect(title).toMatchObject({ ...MAIN, purpose: 'title', usage_estimated: false, characters: null });
    expect(title!['completion_tokens']).toBe(3);
    expect(title!['cost_micros']).toBe(String(Number(title!['prompt_tokens']) + 3 * 3));
    main.answer = (request: RecordedRequest) =>
      isAside(request) ? { tokens: [], fault: { kind: 'status', status: 503 } } : 'One two three.';
    await say('And a sublease?');
    const summary = (await recorded(2))[1]!;
    expect(summary).toMatchObject({ ...SPARE, purpose: 'summary', completion_tokens: 2 });
    expect(summary['cost_micros']).toBe(String(2 * Number(summary['prompt_tokens']) + 2 * 5));
  });

  it('are texts to be read aloud: all characters cost once somebody reads, however much of it is heard', async () => {
    const text = 'Grüße 👋';
    for await (const _ of await spoken(text)) continue;
    (await spoken(text)).close();
    const kept = await recorded(2);
    const row = { ...MAIN, purpose: 'speech', characters: 7, cost_micros: '105', prompt_tokens: null };
    expect(kept).toEqual([expect.objectContaining(row), expect.objectContaining(row)]);
    main.failNext({ kind: 'status', status: 503 }, { route: 'speech' });
    for await (const _ of await spoken(text)) continue;
    expect((await recorded(3))[2]).toMatchObject({ ...SPARE, characters: 7, cost_micros: null });
    main.failNext({ kind: 'status', status: 400 }, { route: 'speech' });
    await expect(spoken(text)).rejects.toMatchObject({ code: 'invalid_request' });
    expect(await records()).toHaveLength(3);
  });

  it('are kept also when the database is away for a moment', async () => {
    await sql.query('revoke insert on chat.usage_records from parley_chat');
    for await (const _ of await spoken('Hello.')) continue;
    expect(await records()).toEqual([]);
    await sql.query('grant insert on chat.usage_records to parley_chat');
    await recorded(1);
  });
});
