import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import {
  CreateAssistant,
  extentOf,
  GetAssistant,
  GetRun,
  GetRunEvents,
  type HttpToolDeclaration,
  type RunEvent,
  UpdateAssistant,
} from '@parley/contracts';
import { migrate } from '@parley/persistence';
import {
  createTestDatabase,
  createTestVhost,
  describeWithServices,
  type ProviderStub,
  type RecordedRequest,
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

describeWithServices('tools of the server', () => {
  let database: TestDatabase;
  let broker: TestVhost;
  let provider: ProviderStub;
  let suite: RunningSuite;
  let service: Server;
  let origin: string;
  const asked: IncomingMessage[] = [];
  const tenant = someTenant();

  beforeAll(async () => {
    service = createServer((request, response) => {
      asked.push(request);
      if (request.url?.startsWith('/away')) response.writeHead(302, { location: 'http://localhost:1/' }).end();
      else response.setHeader('content-type', 'application/json').end('{"sky":"clear"}');
    }).listen(0, '127.0.0.1');
    await once(service, 'listening');
    const { port } = service.address() as AddressInfo;
    origin = `http://127.0.0.1:${port}`;
    [database, broker, provider] = await Promise.all([
      createTestDatabase({ prepare: migrate, template: 'migrated' }),
      createTestVhost(),
      startProviderStub(),
    ]);
    const services = { databaseUrl: database.url, rabbitmqUrl: broker.url, providerUrl: provider.baseUrl };
    suite = await startSuite(services, {
      HTTP_TOOL_ALLOWED_HOSTS: '127.0.0.1',
      EGRESS_ALLOWED_HOSTS: '127.0.0.1',
      EGRESS_PORTS: String(port),
    });
  }, 60_000);

  afterAll(async () => {
    await suite?.stop();
    await provider?.close();
    service?.closeAllConnections();
    service?.close();
    await Promise.all([database?.drop(), broker?.drop()]);
  });

  const lastRole = ({ body }: RecordedRequest) => (body['messages'] as { role: string; content: string }[]).at(-1)!;
  const calling = (name: string, args: object, then: string) => (request: RecordedRequest) =>
    lastRole(request).role === 'tool'
      ? then
      : { tokens: ['Let me ', 'look.'], toolCalls: [{ id: 'call_1', name, arguments: JSON.stringify(args) }] };
  const textOf = (events: RunEvent[]) => events.map((event) => (event.type === 'text' ? event.text : '')).join('');
  const stepsOf = (events: RunEvent[]) =>
    events.flatMap((event) => (event.type === 'server_tool' ? [`${event.name} ${event.state}`] : []));
  const weather = (fields: Partial<HttpToolDeclaration> = {}): HttpToolDeclaration => ({
    type: 'http',
    name: 'weather',
    description: 'The sky over a city',
    parameters: { type: 'object', properties: { city: { type: 'string' } } },
    url: `${origin}/sky/{city}`,
    headers: { 'x-key': 'secret' },
    ...fields,
  });
  const createAssistant = (tools: HttpToolDeclaration[]) =>
    suite.ask(CreateAssistant, { id: uuidv7(), name: 'Clerk', tools }, tenant);

  it('search when the model calls for it, and the answer cites what was found', async () => {
    provider.answer = calling('file_search', { query: 'warranty' }, 'It lasts two years [1].');
    const retrieval = { knowledgeBaseIds: [uuidv7()], mode: 'auto' as const };
    const { reply, read } = await suite.startRun(tenant, { retrieval });
    const events = await read();
    expect(stepsOf(events)).toEqual(['file_search started', 'file_search completed']);
    expect(textOf(events)).toBe('Let me look.\n\nIt lasts two years [1].');
    expect(events.at(-1)).toMatchObject({
      type: 'completed',
      finishReason: 'stop',
      annotations: [{ filename: 'handbook.pdf', quote: 'The warranty lasts two years.' }],
    });
    const [first, second] = provider.requests.filter(({ route }) => route === 'chat').slice(-2);
    expect(first!.body['tools']).toMatchObject([{ function: { name: 'file_search' } }]);
    expect(lastRole(second!).content).toContain('[1] handbook.pdf\nThe warranty lasts two years.');
    const { usage } = await suite.ask(GetRun, { id: reply.runId }, tenant);
    expect(usage).toMatchObject({ completionTokens: 2 + 5, estimated: false });
  });

  it('are told again from any place, from what is stored', async () => {
    provider.answer = calling('file_search', { query: 'warranty' }, 'Two years.');
    const retrieval = { knowledgeBaseIds: [uuidv7()], mode: 'auto' as const };
    const { reply, read } = await suite.startRun(tenant, { retrieval });
    const told = (await read()).filter(({ type }) => type !== 'attached' && type !== 'heartbeat');
    const extent = told.reduce((sum, event) => sum + extentOf(event), 0);
    for (const after of [0, 5, 12, 13, 14, 16, extent]) {
      const again = await suite.ask(GetRunEvents, { id: reply.runId, after }, tenant);
      expect(again.state).toBe('ended');
      const events = again.state === 'ended' ? again.events : [];
      expect(events.reduce((sum, event) => sum + extentOf(event), 0)).toBe(extent - after);
      expect('Let me look.\n\nTwo years.'.endsWith(textOf(events))).toBe(true);
      expect(events.at(-1)).toMatchObject({ type: 'completed' });
    }
  });

  it.each([
    ['the model', 'auto', 'call_1', 12],
    ['Parley beforehand', 'always', 'search', 0],
  ] as const)('tell what was found by %s to who wants to see it, live and stored', async (_who, mode, callId, at) => {
    provider.answer = mode === 'auto' ? calling('file_search', { query: 'warranty' }, 'Two years.') : 'Two years.';
    const messages = [{ role: 'user' as const, content: 'warranty' }];
    const retrieval = { knowledgeBaseIds: [uuidv7()], mode };
    const { reply, read } = await suite.startRun(tenant, { messages, retrieval, tellsResults: true });
    const told = (await read()).filter(({ type }) => type === 'server_tool');
    const step = { type: 'server_tool', callId, tool: 'file_search', name: 'file_search' };
    const { fileId, filename, score, text, attributes } = suite.memory.hits[0]!;
    expect(told).toEqual([
      { ...step, state: 'started', arguments: '{"query":"warranty"}' },
      { ...step, state: 'completed', results: [{ fileId, filename, score, text, attributes }] },
    ]);
    const { output } = await suite.ask(GetRun, { id: reply.runId }, tenant);
    expect(output!.steps).toEqual(told.map((event) => ({ event, textBefore: at })));
    const again = await suite.ask(GetRunEvents, { id: reply.runId, after: 0 }, tenant);
    expect(again.state === 'ended' && again.events.filter(({ type }) => type === 'server_tool')).toEqual(told);
  });

  it('ask the web services of an assistant, with its secrets, which nobody is shown', async () => {
    const { id, tools } = await createAssistant([weather()]);
    expect(tools).toEqual([{ ...weather(), headers: { 'x-key': '' } }]);
    await suite.ask(
      UpdateAssistant,
      { id, tools: [weather({ description: 'Sky', headers: { 'x-key': '' } })] },
      tenant,
    );
    provider.answer = calling('weather', { city: 'Bad Tölz', day: 1 }, 'Clear.');
    const events = await (await suite.startRun(tenant, { assistantId: id })).read();
    expect(stepsOf(events)).toEqual(['weather started', 'weather completed']);
    expect(asked.at(-1)).toMatchObject({ url: '/sky/Bad%20T%C3%B6lz?day=1', headers: { 'x-key': 'secret' } });
    expect(lastRole(provider.requests.at(-1)!).content).toContain('{"sky":"clear"}');
    expect((await suite.ask(GetAssistant, { id }, tenant)).tools[0]).toMatchObject({ description: 'Sky' });
  });

  it('ask no host that is not allowed, not by declaration and not by redirect', async () => {
    for (const url of [
      'http://169.254.169.254/x',
      'http://{city}.127.0.0.1/',
      'https://example.org/',
      'file:///etc/passwd',
    ]) {
      const declared = createAssistant([weather({ url })]);
      await expect(declared).rejects.toMatchObject({ code: 'invalid_request', param: 'tools.0.url' });
    }
    const { id } = await createAssistant([weather({ url: `${origin}/away/{city}` })]);
    provider.answer = calling('weather', { city: 'Rome' }, 'I cannot tell.');
    const events = await (await suite.startRun(tenant, { assistantId: id })).read();
    expect(stepsOf(events)).toEqual(['weather started', 'weather failed']);
    expect(events).toContainEqual(expect.objectContaining({ state: 'failed', error: expect.stringMatching(/\w/) }));
    expect(lastRole(provider.requests.at(-1)!).content).toMatch(/^Error: /);
    expect(textOf(events)).toContain('I cannot tell.');
  });

  it('leave functions to the client, with their choice and format, and go on when it answers', async () => {
    const { id } = await createAssistant([weather()]);
    provider.answer = { tokens: [], toolCalls: [{ id: 'call_9', name: 'buy', arguments: '{"n":1}' }] };
    const tools = [{ type: 'function', function: { name: 'buy', parameters: { type: 'object' } } }];
    const responseFormat = { type: 'json_schema', json_schema: { name: 'r', schema: { type: 'object' } } };
    const generation = { tools, toolChoice: 'required', parallelToolCalls: false, responseFormat };
    const events = await (await suite.startRun(tenant, { assistantId: id, generation })).read();
    expect(events.at(-1)).toMatchObject({ type: 'completed', finishReason: 'tool_calls' });
    expect(provider.requests.at(-1)!.body).toMatchObject({
      tools: [{ function: { name: 'buy' } }, { function: { name: 'weather' } }],
      tool_choice: 'required',
      parallel_tool_calls: false,
      response_format: responseFormat,
    });
  });
});
