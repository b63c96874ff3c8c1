import { afterAll, beforeAll, beforeEach, expect, it, jest } from '@jest/globals';
import {
  type BranchPointKind,
  CancelRun,
  type ChatMessage,
  CreateConversation,
  DeleteMessage,
  GetConversation,
  GetMessage,
  GetRunEvents,
  ListMessages,
  type MessageView,
  type RunEvent,
  type TenantContext,
  UpdateConversation,
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

jest.setTimeout(30_000);

describeWithServices('a conversation with branches on real services', () => {
  let database: TestDatabase;
  let broker: TestVhost;
  let provider: ProviderStub;
  let suite: RunningSuite;
  let tenant: TenantContext;
  let id: string;

  beforeAll(async () => {
    [database, broker, provider] = await Promise.all([
      createTestDatabase({ prepare: migrate, template: 'migrated' }),
      createTestVhost(),
      startProviderStub(),
    ]);
    const services = { databaseUrl: database.url, rabbitmqUrl: broker.url, providerUrl: provider.baseUrl };
    suite = await startSuite(services);
  }, 60_000);

  beforeEach(async () => {
    tenant = someTenant();
    ({ id } = await suite.ask(CreateConversation, { id: uuidv7(), title: 'Mine', metadata: {} }, tenant));
  });

  afterAll(async () => {
    await suite?.stop();
    await provider?.close();
    await Promise.all([database?.drop(), broker?.drop()]);
  });

  type Fields = Parameters<RunningSuite['startRun']>[1];

  /** Has an answer written and waits for it. */
  async function answer(text: string, fields: Fields, as = tenant) {
    provider.answer = text;
    const { reply, read } = await suite.startRun(as, { conversationId: id, ...fields });
    const events = await read();
    expect(events.at(-1)).toMatchObject({ type: 'completed' });
    return { ...reply, messageId: reply.messageId!, parentId: reply.parentId!, text: textOf(events) };
  }

  const say = (question: string, text: string, fields: Fields = {}) =>
    answer(text, { messages: [{ role: 'user', content: question }], ...fields });
  const branch = (kind: BranchPointKind, messageId: string) => ({ branch: { kind, messageId } });
  const again = (kind: 'regenerate' | 'continue', messageId: string, text: string) =>
    answer(text, { messages: [], ...branch(kind, messageId) });

  const list = async (fields: { branch?: string; all?: boolean } = {}): Promise<MessageView[]> =>
    (await suite.ask(ListMessages, { conversationId: id, limit: 100, order: 'asc', ...fields }, tenant)).data;
  const texts = async (fields: { branch?: string; all?: boolean } = {}) =>
    (await list(fields)).map(({ content }) => content);
  const textOf = (events: RunEvent[]) => events.map((event) => (event.type === 'text' ? event.text : '')).join('');
  const lastPrompt = () =>
    (provider.requests.findLast(({ route }) => route === 'chat')!.body['messages'] as ChatMessage[]).map(
      ({ content }) => content,
    );

  it('keeps each version of an answer, and goes on with the last one', async () => {
    const first = await say('What is a lease?', 'A right.');
    const second = await again('regenerate', first.messageId, 'A contract.');
    expect(lastPrompt()).toEqual(['What is a lease?']);
    expect(second.parentId).toBe(first.parentId);
    const [question, shown] = await list();
    expect([question!.content, shown!.content]).toEqual(['What is a lease?', 'A contract.']);
    expect(shown!.siblingIds).toEqual([first.messageId, second.messageId]);
    expect(await texts({ branch: first.messageId })).toEqual(['What is a lease?', 'A right.']);
    await say('For how long?', 'A year.');
    expect(lastPrompt()).toEqual(['What is a lease?', 'A contract.', 'For how long?']);
    const third = await again('regenerate', question!.id, 'A loan.');
    expect(await texts()).toEqual(['What is a lease?', 'A loan.']);
    expect(await texts({ branch: question!.id })).toEqual(['What is a lease?', 'A loan.']);
    expect(await texts({ all: true })).toHaveLength(6);
    expect((await suite.ask(GetConversation, { id }, tenant)).headId).toBe(third.messageId);
  });

  it('branches where a message is edited, also the first one, and can go back', async () => {
    const first = await say('Hi', 'Hello!');
    await say('How are you?', 'Fine.');
    const edited = await say('Hey', 'Hey yourself!', branch('edit', first.parentId));
    expect(lastPrompt()).toEqual(['Hey']);
    expect(await texts()).toEqual(['Hey', 'Hey yourself!']);
    expect((await list())[0]!.siblingIds).toEqual([first.parentId, edited.parentId]);
    const back = await suite.ask(UpdateConversation, { id, branch: first.parentId, title: 'Back' }, tenant);
    expect(back).toMatchObject({ title: 'Back' });
    expect(await texts()).toEqual(['Hi', 'Hello!', 'How are you?', 'Fine.']);
    await say('And you?', 'Me too.', branch('after', first.messageId));
    expect(await texts()).toEqual(['Hi', 'Hello!', 'And you?', 'Me too.']);
  });

  it('goes on with an answer that broke off, in a message that begins with its text', async () => {
    provider.answer = { tokens: ['It lasts ', 'two ', ...Array<string>(200).fill('long ')], intervalMs: 20 };
    const { reply, read } = await suite.startRun(tenant, { conversationId: id });
    const reading = read();
    const broken = { conversationId: id, messageId: reply.messageId! };
    await eventually(async () => expect((await suite.ask(GetMessage, broken, tenant)).content).toMatch(/^It lasts/));
    const tooEarly = suite.startRun(tenant, {
      conversationId: id,
      messages: [],
      ...branch('continue', reply.messageId!),
    });
    await expect(tooEarly).rejects.toMatchObject({ code: 'conflict' });
    await suite.ask(CancelRun, { id: reply.runId }, tenant);
    await reading;
    const { content, status } = await suite.ask(GetMessage, broken, tenant);
    expect(status).toBe('cancelled');
    const continued = await again('continue', reply.messageId!, 'years.');
    expect(continued.text).toBe(`${content}years.`);
    expect(lastPrompt()).toEqual([expect.any(String), content, expect.stringContaining('broke off')]);
    const view = await suite.ask(GetMessage, { ...broken, messageId: continued.messageId }, tenant);
    expect(view).toMatchObject({
      content: continued.text,
      status: 'completed',
      siblingIds: [broken.messageId, view.id],
    });
    const told = await suite.ask(GetRunEvents, { id: continued.runId, after: content.length }, tenant);
    expect(told).toMatchObject({ state: 'ended', events: [{ type: 'text', text: 'years.' }, { type: 'completed' }] });
    expect((await again('continue', reply.messageId!, `${content}again.`)).text).toBe(`${content}again.`);
    await expect(again('continue', continued.messageId, '')).rejects.toMatchObject({ code: 'conflict' });
  });

  it('lets a client that sends its history go on where it was, also in an older branch', async () => {
    const user = (content: string): ChatMessage => ({ role: 'user', content });
    const assistant = (content: string): ChatMessage => ({ role: 'assistant', content });
    const send = (text: string, ...messages: ChatMessage[]) =>
      answer(text, { messages, conversationId: undefined } as never);
    const first = await send('A', user('1'));
    const second = await send('B', user('1'), assistant('A'), user('2'));
    const other = await send('C', user('1'), assistant('A'), user('2, said differently'));
    expect([second.conversationId, other.conversationId]).toEqual([first.conversationId, first.conversationId]);
    const back = await send('D', user('1'), assistant('A'), user('2'), assistant('B'), user('3'));
    id = first.conversationId!;
    expect(await texts()).toEqual(['1', 'A', '2', 'B', '3', 'D']);
    expect(await texts({ branch: other.messageId })).toEqual(['1', 'A', '2, said differently', 'C']);
    await again('regenerate', back.messageId, 'E');
    await send('F', user('1'), assistant('A'), user('2'), assistant('B'), user('3'), assistant('E'), user('4'));
    expect(await texts()).toEqual(['1', 'A', '2', 'B', '3', 'E', '4', 'F']);
  });

  it('loses a message without losing what follows it', async () => {
    const first = await say('Hi', 'Hello!');
    const second = await say('How are you?', 'Fine.');
    const request = { conversationId: id, messageId: first.messageId };
    await expect(suite.ask(DeleteMessage, request, tenant)).resolves.toEqual({ id: first.messageId, deleted: true });
    expect(await texts()).toEqual(['Hi', 'How are you?', 'Fine.']);
    await suite.ask(DeleteMessage, { ...request, messageId: second.messageId }, tenant);
    expect((await suite.ask(GetConversation, { id }, tenant)).headId).toBe(second.parentId);
    await say('Still there?', 'Yes.');
    expect(lastPrompt()).toEqual(['Hi', 'How are you?', 'Still there?']);
    await expect(suite.ask(DeleteMessage, request, tenant)).rejects.toMatchObject({ code: 'not_found' });
  });

  it('has a branch each for two messages sent at once, and both answers', async () => {
    const first = await say('Hi', 'Hello!');
    const both = await Promise.all([say('One?', 'Yes.'), say('Two?', 'Yes.')]);
    expect(await texts({ all: true })).toHaveLength(6);
    for (const { messageId } of both) {
      const path = (await list({ branch: messageId })).map(({ id: message }) => message);
      expect(path).toEqual(expect.arrayContaining([first.messageId, messageId]));
    }
  });

  it('belongs to one user, and branches only at its own messages', async () => {
    const { messageId, parentId } = await say('Hi', 'Hello!');
    const elsewhere = await suite.ask(CreateConversation, { id: uuidv7(), metadata: {} }, tenant);
    const missing = { code: 'not_found' };
    for (const kind of ['after', 'edit', 'regenerate', 'continue'] as const) {
      const said = kind === 'after' || kind === 'edit' ? {} : { messages: [] };
      const at = { ...said, ...branch(kind, kind === 'edit' ? parentId : messageId) };
      await expect(suite.startRun(tenant, { conversationId: elsewhere.id, ...at })).rejects.toMatchObject(missing);
      for (const other of [someTenant(), someTenant({ tenantId: tenant.tenantId })])
        await expect(suite.startRun(other, { conversationId: id, ...at })).rejects.toMatchObject(missing);
    }
    const stranger = someTenant();
    const request = { conversationId: id, messageId };
    await expect(suite.ask(GetMessage, request, stranger)).rejects.toMatchObject(missing);
    await expect(suite.ask(DeleteMessage, request, stranger)).rejects.toMatchObject(missing);
    await expect(suite.ask(UpdateConversation, { id, title: 'Theirs' }, stranger)).rejects.toMatchObject(missing);
    await expect(suite.ask(UpdateConversation, { id: elsewhere.id, branch: messageId }, tenant)).rejects.toMatchObject(
      missing,
    );
    for (const [kind, wrong] of [
      ['edit', messageId],
      ['continue', parentId],
    ] as const) {
      const messages = kind === 'edit' ? {} : { messages: [] };
      const unfit = suite.startRun(tenant, { conversationId: id, ...messages, ...branch(kind, wrong) });
      await expect(unfit).rejects.toMatchObject({ code: 'conflict', param: 'message_id' });
    }
    await expect(suite.startRun(tenant, { conversationId: id, messages: [] })).rejects.toMatchObject({
      code: 'invalid_request',
      param: 'messages',
    });
  });
});
