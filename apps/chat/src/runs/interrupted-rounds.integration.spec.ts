import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { CreateAssistant, GetRun, GetRunEvents, type RunEvent, type TenantContext } from '@parley/contracts';
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
import { type RunningSuite, type StartedRun } from '../fixtures/running-suite.fixture.js';
import { someTenant } from '../fixtures/samples.js';

// First of all: Jest cannot load CommonJS packages while the ES modules that they require are being loaded.
await import('@nestjs/common');
const { startSuite } = await import('../fixtures/running-suite.fixture.js');

const SPARE = { provider: 'spare', model: 'stub-spare' };

describeWithServices('a run whose process dies while a tool works, behind a fallback', () => {
  let database: TestDatabase;
  let broker: TestVhost;
  let main: ProviderStub;
  let spare: ProviderStub;
  let suite: RunningSuite;
  let sql: Client;
  let service: Server;
  /** Questions to the web service that it has not answered. */
  const asked: ServerResponse[] = [];
  let tenant: TenantContext;
  let assistantId: string;

  beforeAll(async () => {
    service = createServer((_request, response) => void asked.push(response)).listen(0, '127.0.0.1');
    await once(service, 'listening');
    const { port } = service.address() as AddressInfo;
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
      models: [{ name: 'smart', targets: [{ provider: 'main', model: 'stub-chat' }, SPARE] }],
    };
    const services = { databaseUrl: database.url, rabbitmqUrl: broker.url, providerUrl: main.baseUrl };
    suite = await startSuite(services, {
      LLM_CONFIG: JSON.stringify(configuration),
      STUB_KEY: 'sk-stub',
      HTTP_TOOL_ALLOWED_HOSTS: '127.0.0.1',
      EGRESS_ALLOWED_HOSTS: '127.0.0.1',
      EGRESS_PORTS: String(port),
    });
    sql = new Client(database.url);
    await sql.connect();
  }, 60_000);

  afterAll(async () => {
    await suite?.stop();
    await Promise.all([sql?.end(), main?.close(), spare?.close()]);
    service?.closeAllConnections();
    service?.close();
    await Promise.all([database?.drop(), broker?.drop()]);
  });

  beforeEach(async () => {
    tenant = someTenant();
    main.answer = { tokens: [], fault: { kind: 'status', status: 503 } };
    const url = `http://127.0.0.1:${(service.address() as AddressInfo).port}/sky`;
    const weather = { type: 'http' as const, name: 'weather', description: 'The sky', parameters: {}, url };
    assistantId = uuidv7();
    await suite.ask(CreateAssistant, { id: assistantId, name: 'Clerk', model: 'smart', tools: [weather] }, tenant);
  });

  const textOf = (events: RunEvent[]) => events.map((event) => (event.type === 'text' ? event.text : '')).join('');
  const stepsOf = (events: RunEvent[]) =>
    events.flatMap((event) => (event.type === 'server_tool' ? [`${event.name} ${event.state}`] : []));
  const questions = () => spare.requests.filter(({ route }) => route === 'chat').length;

  /** The first round says something and calls a tool; after its result comes the answer. */
  function calling(...tokens: string[]) {
    spare.answer = ({ body }: RecordedRequest) => {
      const isAnswered = (body['messages'] as { role: string }[]).some(({ role }) => role === 'tool');
      return isAnswered ? 'Clear.' : { tokens, toolCalls: [{ id: 'call_1', name: 'weather', arguments: '{}' }] };
    };
  }

  /** Another process finds it without a sign of life. */
  async function die({ reply: { runId } }: StartedRun): Promise<void> {
    const lastSign = `heartbeat_at = now() - interval '1 minute'`;
    await sql.query(`update chat.runs set owner = $2, ${lastSign} where id = $1`, [runId, uuidv7()]);
    await eventually(async () => expect((await suite.ask(GetRun, { id: runId }, tenant)).status).toBe('interrupted'), {
      timeoutMs: 8_000,
    });
  }

  it.each([
    ['with what it has said', ['Let me ', 'look.'], 'Let me look.'],
    ['also before its first word', [], ''],
  ])('is interrupted, %s, its steps and who answered, and is not written again', async (_how, tokens, text) => {
    calling(...tokens);
    const run = await suite.startRun(tenant, { assistantId });
    const reading = run.read();
    const tool = await eventually(() => {
      expect(asked).toHaveLength(1);
      return asked[0]!;
    });
    const { runId: id } = run.reply;
    await eventually(async () => {
      const live = await suite.ask(GetRun, { id }, tenant);
      expect(live).toMatchObject({ status: 'in_progress', ...SPARE, output: { text } });
    });
    await die(run);
    const before = questions();
    const told = await reading;
    expect(told.at(-1)).toMatchObject({ type: 'failed', error: { code: 'stream_interrupted' } });
    tool.end('{"sky":"clear"}');
    expect(await suite.ask(GetRun, { id }, tenant)).toMatchObject({
      status: 'interrupted',
      ...SPARE,
      output: { text },
    });
    const again = await suite.ask(GetRunEvents, { id, after: 0 }, tenant);
    const events = again.state === 'ended' ? again.events : [];
    expect([textOf(events), stepsOf(events)]).toEqual([text, ['weather started']]);
    expect(events.at(-1)).toMatchObject({ type: 'failed', error: { code: 'stream_interrupted' } });
    expect(questions()).toBe(before);

    for (const kind of ['continue', 'regenerate'] as const) {
      asked.length = 0;
      const { conversationId, messageId } = run.reply;
      const branch = { kind, messageId: messageId! };
      const next = await suite.startRun(tenant, { conversationId: conversationId!, messages: [], branch });
      const answering = next.read();
      await eventually(() => asked[0]!.end('{"sky":"clear"}'));
      const answer = await answering;
      expect(answer.at(-1)).toMatchObject({ type: 'completed', origin: SPARE });
      expect(textOf(answer)).toMatch(kind === 'continue' ? new RegExp(`^${text}[^]*Clear\\.$`) : /Clear\.$/);
    }
    asked.length = 0;
  });
});
