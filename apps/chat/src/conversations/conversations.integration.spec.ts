import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import {
  type ChatMessage,
  CreateAssistant,
  CreateConversation,
  DeleteAssistant,
  DeleteConversation,
  GetAssistant,
  GetChatStatus,
  GetConversation,
  GetMessageCitations,
  ListAssistants,
  ListConversations,
  ListMessages,
  ListModels,
  type MessageView,
  type PageRequest,
  type TenantContext,
  UpdateAssistant,
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

const page = { limit: 20, order: 'asc' as const };

describeWithServices('conversations on real services', () => {
  let database: TestDatabase;
  let broker: TestVhost;
  let provider: ProviderStub;
  let suite: RunningSuite;
  let tenant: TenantContext;

  beforeAll(async () => {
    [database, broker, provider] = await Promise.all([
      createTestDatabase({ prepare: migrate, template: 'migrated' }),
      createTestVhost(),
      startProviderStub({ models: ['stub-chat', 'stub-chat-small'] }),
    ]);
    const services = { databaseUrl: database.url, rabbitmqUrl: broker.url, providerUrl: provider.baseUrl };
    suite = await startSuite(services);
  });

  beforeEach(() => {
    tenant = someTenant();
    provider.answer = 'An answer.';
  });

  afterAll(async () => {
    await suite?.stop();
    await provider?.close();
    await Promise.all([database?.drop(), broker?.drop()]);
  });

  /** Asks and waits for the answer. */
  async function say(fields: Parameters<RunningSuite['startRun']>[1], as = tenant) {
    const { reply, read } = await suite.startRun(as, fields);
    const events = await read();
    expect(events.at(-1)).toMatchObject({ type: 'completed' });
    return reply;
  }

  const messagesOf = async (conversationId: string, as = tenant): Promise<MessageView[]> =>
    (await suite.ask(ListMessages, { ...page, conversationId }, as)).data;
  const user = (content: string): ChatMessage => ({ role: 'user', content });
  const lastPrompt = () => provider.requests.findLast(({ route }) => route === 'chat')!.body['messages'];

  it('begin with a run, named after its first message', async () => {
    const { conversationId, messageId, runId } = await say({ messages: [user('What is a lease?')] });
    await expect(suite.ask(GetConversation, { id: conversationId! }, tenant)).resolves.toMatchObject({
      title: 'What is a lease?',
      assistantId: null,
    });
    expect(await messagesOf(conversationId!)).toEqual([
      expect.objectContaining({ role: 'user', content: 'What is a lease?', runId: null, usage: null }),
      expect.objectContaining({
        ...{ id: messageId, role: 'assistant', content: 'An answer.', runId, model: 'stub-chat' },
        usage: expect.objectContaining({ completionTokens: 2, estimated: false }),
      }),
    ]);
  });

  it('go on with what was said before, of which the model is reminded', async () => {
    const { id } = await suite.ask(CreateConversation, { id: uuidv7(), title: 'Mine', metadata: {} }, tenant);
    for (const question of ['First?', 'Second?', 'Third?'])
      await say({ conversationId: id, messages: [user(question)] });
    expect(lastPrompt()).toEqual([
      { role: 'user', content: 'First?' },
      { role: 'assistant', content: 'An answer.' },
      { role: 'user', content: 'Second?' },
      { role: 'assistant', content: 'An answer.' },
      { role: 'user', content: 'Third?' },
    ]);
    expect(await messagesOf(id)).toHaveLength(6);
  });

  it('are one for a client that sends its whole history with each of ten turns', async () => {
    const history: ChatMessage[] = [{ role: 'system', content: 'Be brief.' }];
    const ids = new Set<string | null>();
    for (let turn = 0; turn < 10; turn++) {
      provider.answer = `Answer ${turn}.`;
      history.push(user(`Question ${turn}?`));
      ids.add((await say({ messages: history })).conversationId);
      history.push({ role: 'assistant', content: `Answer ${turn}.` });
    }
    expect(ids.size).toBe(1);
    const texts = (await messagesOf([...ids][0]!)).map(({ content }) => content);
    expect(texts).toEqual(history.slice(1).map(({ content }) => content));
    const { data } = await suite.ask(ListConversations, page, tenant);
    expect(data).toHaveLength(1);
  });

  it('branch when a client changes its history', async () => {
    const first = await say({ messages: [user('Hi')] });
    const changed: ChatMessage[] = [user('Hi'), { role: 'assistant', content: 'Something else.' }, user('And now?')];
    const second = await say({ messages: changed });
    expect(second.conversationId).not.toBe(first.conversationId);
    expect((await messagesOf(second.conversationId!)).map(({ content }) => content)).toEqual([
      'Hi',
      'Something else.',
      'And now?',
      'An answer.',
    ]);
  });

  it('can be read page by page, in both directions', async () => {
    const ids: string[] = [];
    for (let count = 0; count < 5; count++) {
      ids.push((await suite.ask(CreateConversation, { id: uuidv7(), metadata: {} }, tenant)).id);
    }
    const list = (request: PageRequest) => suite.ask(ListConversations, request, tenant);
    const first = await list({ limit: 2, order: 'asc' });
    expect([first.data.map(({ id }) => id), first.hasMore]).toEqual([ids.slice(0, 2), true]);
    const next = await list({ limit: 3, order: 'asc', after: ids[1]! });
    expect([next.data.map(({ id }) => id), next.hasMore]).toEqual([ids.slice(2), false]);
    const back = await list({ limit: 2, order: 'asc', before: ids[4]! });
    expect([back.data.map(({ id }) => id), back.hasMore]).toEqual([ids.slice(2, 4), true]);
    const newest = await list({ limit: 2, order: 'desc', after: ids[3]! });
    expect(newest.data.map(({ id }) => id)).toEqual([ids[2], ids[1]]);
    const strange = list({ limit: 2, order: 'asc', after: uuidv7() });
    await expect(strange).rejects.toMatchObject({ code: 'invalid_request', param: 'after' });
  });

  it('are created once when the request is repeated', async () => {
    const id = uuidv7();
    const [first, second] = await Promise.all([
      suite.ask(CreateConversation, { id, title: 'A', metadata: { k: 'v' } }, tenant),
      suite.ask(CreateConversation, { id, title: 'A', metadata: { k: 'v' } }, tenant),
    ]);
    expect(second).toEqual(first);
    expect((await suite.ask(ListConversations, page, tenant)).data).toHaveLength(1);
  });

  it('are gone with their messages when deleted, also while an answer is being written', async () => {
    provider.answer = { tokens: Array.from({ length: 15 }, (_, i) => `word${i} `), intervalMs: 50 };
    const { reply, read } = await suite.startRun(tenant);
    const id = reply.conversationId!;
    const reading = read();
    await eventually(async () => expect(await messagesOf(id)).toHaveLength(2));
    await expect(suite.ask(DeleteConversation, { id }, tenant)).resolves.toEqual({ id, deleted: true });
    expect((await reading).at(-1)).toMatchObject({ type: 'completed' });
    await expect(messagesOf(id)).rejects.toMatchObject({ code: 'not_found' });
    await expect(suite.ask(DeleteConversation, { id }, tenant)).rejects.toMatchObject({ code: 'not_found' });
  });

  it('belong to one user: nobody else sees, continues or deletes them', async () => {
    const { conversationId } = await say({});
    const id = conversationId!;
    const colleague = someTenant({ tenantId: tenant.tenantId });
    const admin = someTenant({ tenantId: tenant.tenantId, role: 'admin' });
    const namesake = someTenant({ userId: tenant.userId });
    for (const other of [colleague, admin, namesake]) {
      await expect(suite.ask(GetConversation, { id }, other)).rejects.toMatchObject({ code: 'not_found' });
      await expect(messagesOf(id, other)).rejects.toMatchObject({ code: 'not_found' });
      await expect(suite.ask(DeleteConversation, { id }, other)).rejects.toMatchObject({ code: 'not_found' });
      await expect(suite.startRun(other, { conversationId: id })).rejects.toMatchObject({ code: 'not_found' });
      await expect(suite.ask(CreateConversation, { id, metadata: {} }, other)).rejects.toMatchObject({
        code: 'conflict',
      });
      expect((await suite.ask(ListConversations, page, other)).data).toEqual([]);
      const history = [user('How long does the warranty last?'), { role: 'assistant' as const, content: 'An answer.' }];
      const theirs = await say({ messages: [...history, user('And then?')] }, other);
      expect(theirs.conversationId).not.toBe(id);
    }
    expect(await messagesOf(id)).toHaveLength(2);
  });

  it('remember calls of tools and their results', async () => {
    const call = { id: 'call_1', type: 'function' as const, function: { name: 'weather', arguments: '{}' } };
    const { conversationId } = await say({
      messages: [
        user('Weather?'),
        { role: 'assistant', content: null, toolCalls: [call] },
        { role: 'tool', content: 'rain', toolCallId: 'call_1' },
      ],
    });
    await say({ conversationId: conversationId!, messages: [user('And tomorrow?')] });
    expect(lastPrompt()).toMatchObject([
      { role: 'user' },
      { role: 'assistant', tool_calls: [call] },
      { role: 'tool', content: 'rain', tool_call_id: 'call_1' },
      { role: 'assistant', content: 'An answer.' },
      { role: 'user', content: 'And tomorrow?' },
    ]);
  });

  it('go on with their assistant, and without it when it is deleted', async () => {
    const assistant = await suite.ask(
      CreateAssistant,
      { id: uuidv7(), name: 'Clerk', instructions: 'Be polite.', model: 'stub-chat-small' },
      tenant,
    );
    const first = await say({ assistantId: assistant.id });
    expect(first.model).toBe('stub-chat-small');
    expect(lastPrompt()).toMatchObject([{ role: 'system', content: 'Be polite.' }, { role: 'user' }]);
    const conversationId = first.conversationId!;
    await say({ conversationId, messages: [user('More?')] });
    expect(lastPrompt()).toMatchObject([{ role: 'system', content: 'Be polite.' }, {}, {}, { content: 'More?' }]);
    await suite.ask(DeleteAssistant, { id: assistant.id }, tenant);
    expect((await say({ conversationId, messages: [user('Still there?')] })).model).toBe('stub-chat');
  });

  it('are answered by assistants that exist, know their documents and have a model', async () => {
    const knowledgeBaseId = uuidv7();
    suite.memory.knowledgeBaseIds.add(knowledgeBaseId);
    const id = uuidv7();
    const fields = {
      id,
      name: 'Clerk',
      knowledgeBaseIds: [knowledgeBaseId],
      temperature: 0.2,
      metadata: { team: 'a' },
    };
    const created = await suite.ask(CreateAssistant, fields, tenant);
    expect(created).toMatchObject({ ...fields, instructions: null, model: null, maxOutputTokens: null });
    await expect(suite.ask(CreateAssistant, fields, tenant)).resolves.toEqual(created);
    const updated = await suite.ask(UpdateAssistant, { id, instructions: 'Be brief.', temperature: null }, tenant);
    expect(updated).toEqual({ ...created, instructions: 'Be brief.', temperature: null });
    const unknown = { id, knowledgeBaseIds: [uuidv7()] };
    await expect(suite.ask(UpdateAssistant, unknown, tenant)).rejects.toMatchObject({
      code: 'not_found',
      param: 'vector_store_ids',
    });
    await expect(suite.ask(UpdateAssistant, { id, model: 'gpt-99' }, tenant)).rejects.toMatchObject({
      code: 'model_not_found',
    });
    expect((await suite.ask(ListAssistants, page, tenant)).data).toEqual([updated]);
    const stranger = someTenant();
    await expect(suite.ask(GetAssistant, { id }, stranger)).rejects.toMatchObject({ code: 'not_found' });
    await expect(suite.startRun(stranger, { assistantId: id })).rejects.toMatchObject({ code: 'model_not_found' });
    expect((await suite.ask(ListModels, {}, tenant)).map((model) => [model.id, model.assistant])).toEqual([
      ['stub-chat', false],
      ['stub-chat-small', false],
      [id, true],
    ]);
    expect(await suite.ask(ListModels, {}, stranger)).toHaveLength(2);
  });

  it('say of what they cite whether it still stands', async () => {
    const knowledgeBaseId = uuidv7();
    provider.answer = 'It lasts two years [1].';
    const reply = await say({ retrieval: { knowledgeBaseIds: [knowledgeBaseId] } });
    const request = { conversationId: reply.conversationId!, messageId: reply.messageId! };
    suite.memory.verified = { state: 'changed', filename: 'handbook.pdf', place: null };
    const { citations } = await suite.ask(GetMessageCitations, request, tenant);
    expect(citations).toEqual([
      {
        state: 'changed',
        filename: 'handbook.pdf',
        place: null,
        citation: expect.objectContaining({ quote: 'The warranty lasts two years.', locator: {} }),
      },
    ]);
    const [question] = await messagesOf(request.conversationId);
    const ofQuestion = await suite.ask(GetMessageCitations, { ...request, messageId: question!.id }, tenant);
    expect(ofQuestion).toEqual({ citations: [] });
    const missing = { code: 'not_found', message: 'No such message.' };
    for (const as of [someTenant(), someTenant({ tenantId: tenant.tenantId })])
      await expect(suite.ask(GetMessageCitations, request, as)).rejects.toMatchObject(missing);
    const elsewhere = suite.ask(GetMessageCitations, { ...request, conversationId: uuidv7() }, tenant);
    await expect(elsewhere).rejects.toMatchObject(missing);
  });

  it('come from a service that says how it is', async () => {
    await expect(suite.ask(GetChatStatus, {}, tenant)).resolves.toEqual({
      version: expect.any(String),
      database: true,
      llm: true,
      providers: [
        expect.objectContaining({ name: 'openai', state: 'closed', reachable: true }),
        expect.objectContaining({ name: 'builtin', reachable: true }),
      ],
    });
  });
});
