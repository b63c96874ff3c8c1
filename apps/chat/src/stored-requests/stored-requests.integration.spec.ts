import { afterAll, beforeAll, beforeEach, expect, it, jest } from '@jest/globals';
import {
  AddMessages,
  CreateConversation,
  DeleteConversation,
  DeleteStoredRequest,
  GetConversation,
  GetStoredRequest,
  ListMessages,
  ListRequestMessages,
  ListStoredRequests,
  type RequestKind,
  type TenantContext,
  UpdateStoredRequest,
} from '@parley/contracts';
import { migrate } from '@parley/persistence';
import {
  createTestDatabase,
  createTestVhost,
  describeWithServices,
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

jest.setTimeout(30_000);

const page = { limit: 20, order: 'asc' as const };

describeWithServices('requests that are kept, and messages that clients add', () => {
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
    suite = await startSuite(services, { SHORT_TERM_MEMORY_SIZE: '1' });
  }, 60_000);
  beforeEach(() => {
    tenant = someTenant();
    provider.answer = 'An answer.';
  });
  afterAll(async () => {
    await suite?.stop();
    await provider?.close();
    await Promise.all([database?.drop(), broker?.drop()]);
  });

  async function ask(question: string, fields: Parameters<RunningSuite['startRun']>[1] = {}) {
    const record = { kind: 'response' as RequestKind, request: { temperature: 0.5 } };
    const messages = [{ role: 'user' as const, content: question }];
    const { reply, read } = await suite.startRun(tenant, { messages, record, ...fields });
    expect((await read()).at(-1)).toMatchObject({ type: 'completed' });
    return { ...reply, conversationId: reply.conversationId!, messageId: reply.messageId! };
  }

  const behind = ({ conversationId, messageId }: Awaited<ReturnType<typeof ask>>) => ({
    conversationId,
    branch: { kind: 'after' as const, messageId },
  });
  const get = (id: string, as = tenant) => suite.ask(GetStoredRequest, { id, kind: 'response' }, as);
  const remove = (id: string, as = tenant) => suite.ask(DeleteStoredRequest, { id, kind: 'response' }, as);
  const lastPrompt = () => {
    const messages = provider.requests.findLast(({ route }) => route === 'chat')!.body['messages'];
    return (messages as { content: string }[]).map(({ content }) => content);
  };

  it('show what was sent and what came of it', async () => {
    const { runId } = await ask('How long?', { metadata: { team: 'a' } });
    expect(await get(runId)).toMatchObject({
      request: { temperature: 0.5 },
      run: { id: runId, status: 'completed', metadata: { team: 'a' }, output: { text: 'An answer.' } },
    });
    const updated = await suite.ask(
      UpdateStoredRequest,
      { id: runId, kind: 'response', metadata: { team: 'b' } },
      tenant,
    );
    expect(updated.run.metadata).toEqual({ team: 'b' });
    const list = (fields: object) => suite.ask(ListStoredRequests, { ...page, kind: 'response', ...fields }, tenant);
    expect((await list({ metadata: { team: 'b' } })).data).toEqual([updated]);
    for (const fields of [{ metadata: { team: 'a' } }, { model: 'other' }, { kind: 'completion' }])
      expect((await list(fields)).data).toEqual([]);
  });

  it('go on behind any of them, with all that was said before', async () => {
    const first = await ask('One?');
    const second = await ask('Two?', behind(first));
    const third = await ask('Three?', behind(second));
    expect(lastPrompt()).toEqual(['One?', 'An answer.', 'Two?', 'An answer.', 'Three?']);
    await ask('Two, said differently?', behind(first));
    expect(lastPrompt()).toEqual(['One?', 'An answer.', 'Two, said differently?']);
    const request = { ...page, id: third.runId, kind: 'response' as const };
    const messages = await suite.ask(ListRequestMessages, request, tenant);
    expect(messages.data.map(({ content }) => content)).toEqual(['One?', 'An answer.', 'Two?', 'An answer.', 'Three?']);
    const next = await suite.ask(ListRequestMessages, { ...request, limit: 2, after: messages.data[1]!.id }, tenant);
    expect(next).toMatchObject({ data: [{ content: 'Two?' }, { content: 'An answer.' }], hasMore: true });
  });

  it('take their texts with them when they are deleted, but nothing that others follow', async () => {
    const first = await ask('One?');
    const second = await ask('Two?', behind(first));
    await remove(first.runId);
    const { conversationId } = first;
    const list = async () =>
      (await suite.ask(ListMessages, { ...page, conversationId }, tenant)).data.map(({ content }) => content);
    expect(await list()).toEqual(['One?', 'Two?', 'An answer.']);
    await remove(second.runId);
    expect(await list()).toEqual(['One?']);
    const alone = await ask('Alone?');
    await remove(alone.runId);
    const gone = suite.ask(GetConversation, { id: alone.conversationId }, tenant);
    await expect(gone).rejects.toMatchObject({ code: 'not_found' });
    await expect(remove(alone.runId)).rejects.toMatchObject({ code: 'not_found' });
  });

  it('are not deleted while their answer is being written, and go with their conversation', async () => {
    provider.answer = { tokens: Array<string>(20).fill('word '), intervalMs: 20 };
    const record = { kind: 'response' as const, request: {} };
    const { reply, read } = await suite.startRun(tenant, { record });
    const reading = read();
    await expect(remove(reply.runId)).rejects.toMatchObject({ code: 'conflict' });
    await reading;
    await suite.ask(DeleteConversation, { id: reply.conversationId! }, tenant);
    await expect(get(reply.runId)).rejects.toMatchObject({ code: 'not_found' });
  });

  it('are of one user', async () => {
    const { runId } = await ask('How long?');
    for (const other of [someTenant(), someTenant({ tenantId: tenant.tenantId })]) {
      const request = { id: runId, kind: 'response' as const };
      for (const asked of [
        get(runId, other),
        remove(runId, other),
        suite.ask(UpdateStoredRequest, { ...request, metadata: {} }, other),
        suite.ask(ListRequestMessages, { ...page, ...request }, other),
      ])
        await expect(asked).rejects.toMatchObject({ code: 'not_found' });
      expect((await suite.ask(ListStoredRequests, { ...page, kind: 'response' }, other)).data).toEqual([]);
    }
  });

  it('are answered with what clients have added to a conversation, once', async () => {
    const conversationId = uuidv7();
    await suite.ask(CreateConversation, { id: conversationId, metadata: {} }, tenant);
    const call = { id: 'call_1', type: 'function' as const, function: { name: 'weather', arguments: '{}' } };
    const messages = [
      { id: uuidv7(), role: 'user' as const, content: 'Weather?' },
      { id: uuidv7(), role: 'assistant' as const, content: '', toolCalls: [call] },
      { id: uuidv7(), role: 'tool' as const, content: 'rain', toolCallId: 'call_1' },
      { id: uuidv7(), role: 'assistant' as const, content: 'It rains.' },
    ];
    const add = () => suite.ask(AddMessages, { conversationId, messages }, tenant);
    const both = await Promise.all([add(), add()]);
    expect(both[0]).toEqual(both[1]);
    expect(both[0]).toMatchObject(messages);
    await ask('And tomorrow?', { conversationId });
    expect(lastPrompt()).toEqual(['Weather?', '', 'rain', 'It rains.', 'And tomorrow?']);
    const listed = await suite.ask(ListMessages, { ...page, conversationId, tools: true }, tenant);
    expect(listed.data.map(({ role }) => role)).toEqual([
      'user',
      'assistant',
      'tool',
      'assistant',
      'user',
      'assistant',
    ]);
    const other = { conversationId, messages: [{ id: uuidv7(), role: 'user' as const, content: 'x' }] };
    await expect(suite.ask(AddMessages, other, someTenant())).rejects.toMatchObject({ code: 'not_found' });
  });
});
