import { afterAll, beforeAll, beforeEach, expect, it, jest } from '@jest/globals';
import {
  CreateConversation,
  DeleteMessage,
  GetConversation,
  GetMessage,
  GiveFeedback,
  ListMessages,
  SearchConversations,
  type TenantContext,
  UpdateConversation,
  WithdrawFeedback,
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

type Prompt = { role: string; content: string }[];

describeWithServices('the care for conversations on real services', () => {
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
    suite = await startSuite(services, { SHORT_TERM_MEMORY_SIZE: '2' });
  }, 60_000);

  beforeEach(async () => {
    tenant = someTenant();
    id = await conversation();
  });

  afterAll(async () => {
    await suite?.stop();
    await provider?.close();
    await Promise.all([database?.drop(), broker?.drop()]);
  });

  const conversation = async (title?: string) =>
    (await suite.ask(CreateConversation, { id: uuidv7(), ...(title && { title }), metadata: {} }, tenant)).id;
  const view = () => suite.ask(GetConversation, { id }, tenant);
  const prompts = (kind: RegExp): Prompt[] =>
    provider.requests
      .filter(({ route }) => route === 'chat')
      .map(({ body }) => body['messages'] as Prompt)
      .filter(([first]) => kind.test(first!.content));

  /** The stub says the same to everybody, so what it says to a question is also its title and its summary. */
  async function say(question: string, answer = 'An answer.', as = tenant) {
    provider.answer = answer;
    const { reply, read } = await suite.startRun(as, {
      conversationId: id,
      messages: [{ role: 'user', content: question }],
    });
    expect((await read()).at(-1)).toMatchObject({ type: 'completed' });
    return { conversationId: id, messageId: reply.messageId! };
  }

  const search = async (query: string, as = tenant) =>
    (await suite.ask(SearchConversations, { query, limit: 20 }, as)).data;

  it('names a conversation by its question at once, and by the model a moment later', async () => {
    await say('What is a lease?', 'Tenancy law');
    await eventually(async () => expect((await view()).title).toBe('Tenancy law'));
    await say('And a sublease?', 'Something else');
    expect(prompts(/^You name conversations/).filter(([, asked]) => asked!.content.includes('lease'))).toHaveLength(1);
  });

  it('leaves a title alone that the user has chosen', async () => {
    await suite.ask(UpdateConversation, { id, title: 'Mine' }, tenant);
    const before = prompts(/^You name conversations/).length;
    await say('What is a lease?', 'Tenancy law');
    id = await conversation();
    await say('What is a loan?', 'Credit');
    await eventually(async () => expect((await view()).title).toBe('Credit'));
    expect(prompts(/^You name conversations/)).toHaveLength(before + 1);
  });

  it('keeps the question as the title when the model has none to offer', async () => {
    await say('What is a lease?', '"');
    await eventually(() => expect(prompts(/^You name conversations/).at(-1)![1]!.content).toContain('a lease'));
    expect((await view()).title).toBe('What is a lease?');
  });

  it('sums up the turns that fall out of the memory, and reminds the model of them', async () => {
    for (const number of [1, 2]) await say(`Question ${number}?`);
    await say('Question 3?', 'They counted.');
    await eventually(() => expect(prompts(/^You keep the memory/).at(-1)![1]!.content).toContain('user: Question 1?'));
    const asked = async () => {
      await say('Question 4?', 'They counted on.');
      return prompts(/^The conversation began before/).at(-1);
    };
    const prompt = await eventually(async () => {
      const last = await asked();
      expect(last).toBeDefined();
      return last!;
    });
    expect(prompt[0]!.content).toContain('They counted');
    expect(JSON.stringify(prompt)).not.toContain('Question 1?');
    expect(JSON.stringify(prompt)).toContain('Question 3?');
    await eventually(() =>
      expect(prompts(/^You keep the memory/).at(-1)![1]!.content).toContain('Earlier summary:\nThey counted'),
    );
  });

  it('forgets the summary when a message is deleted that it may tell of', async () => {
    const first = await say('My name is Ada.');
    for (const number of [2, 3, 4]) await say(`Question ${number}?`, 'Ada asks questions.');
    await eventually(async () => {
      await say('Again?', 'Ada asks questions.');
      expect(prompts(/^The conversation began before/).length).toBeGreaterThan(0);
    });
    await suite.ask(DeleteMessage, first, tenant);
    const before = prompts(/^The conversation began before/).length;
    await say('And now?');
    expect(prompts(/^The conversation began before/)).toHaveLength(before);
  });

  it('finds conversations by their words, the beginnings of words, phrases and titles', async () => {
    const { messageId } = await say('How do I prune an apple tree?', 'In winter, above a bud.');
    const older = id;
    await suite.ask(UpdateConversation, { id, title: 'Gardening' }, tenant);
    id = await conversation('Winter tyres');
    await say('When do I need them?', 'From October on.');
    expect((await search('winter')).map(({ conversation: found }) => found.id)).toEqual([id, older]);
    expect(await search('above a bu')).toMatchObject([
      { conversation: { id: older }, messages: [{ messageId, role: 'assistant', snippet: 'In winter, above a bud.' }] },
    ]);
    expect((await search('"apple tree" -october')).map(({ conversation: found }) => found.id)).toEqual([older]);
    expect(await search('garden')).toMatchObject([{ conversation: { id: older }, messages: [] }]);
    expect(await search('apple tyres')).toEqual([]);
    for (const odd of [`'`, '!', ':* & (', '%', '\\', '-']) await expect(search(odd)).resolves.toEqual([]);
    const first = await suite.ask(SearchConversations, { query: 'winter', limit: 1 }, tenant);
    expect(first).toMatchObject({ data: [{ conversation: { id } }], hasMore: true });
    const next = await suite.ask(SearchConversations, { query: 'winter', limit: 1, after: id }, tenant);
    expect(next).toMatchObject({ data: [{ conversation: { id: older } }], hasMore: false });
    const strange = suite.ask(SearchConversations, { query: 'winter', limit: 1, after: uuidv7() }, tenant);
    await expect(strange).rejects.toMatchObject({ code: 'invalid_request', param: 'after' });
  });

  it('finds text without spaces between words', async () => {
    await say('洗濯機の保証期間はどのくらいですか', '二年間です。');
    expect(await search('保証期間')).toMatchObject([
      { conversation: { id }, messages: [{ role: 'user', snippet: expect.stringContaining('保証期間') }] },
    ]);
    expect(await search('冷蔵庫')).toEqual([]);
  });

  it('lets answers be judged, judged again, and not judged', async () => {
    const answer = await say('What is a lease?');
    await suite.ask(GiveFeedback, { ...answer, rating: 'up' }, tenant);
    const given = await suite.ask(GiveFeedback, { ...answer, rating: 'down', comment: 'Wrong.' }, tenant);
    expect(given).toEqual({ rating: 'down', comment: 'Wrong.' });
    expect((await suite.ask(GetMessage, answer, tenant)).feedback).toEqual(given);
    await suite.ask(WithdrawFeedback, answer, tenant);
    const request = { conversationId: id, limit: 10, order: 'asc' as const };
    const [question, shown] = (await suite.ask(ListMessages, request, tenant)).data;
    expect(shown!.feedback).toBeNull();
    await expect(suite.ask(WithdrawFeedback, answer, tenant)).rejects.toMatchObject({ code: 'not_found' });
    const ofQuestion = suite.ask(GiveFeedback, { ...answer, messageId: question!.id, rating: 'up' }, tenant);
    await expect(ofQuestion).rejects.toMatchObject({ code: 'conflict' });
  });

  it('is for the user alone', async () => {
    const answer = await say('What is a secret lease?');
    await suite.ask(GiveFeedback, { ...answer, rating: 'up' }, tenant);
    for (const other of [
      someTenant(),
      someTenant({ tenantId: tenant.tenantId }),
      someTenant({ userId: tenant.userId }),
    ]) {
      expect(await search('secret', other)).toEqual([]);
      for (const ask of [
        suite.ask(GiveFeedback, { ...answer, rating: 'down' }, other),
        suite.ask(WithdrawFeedback, answer, other),
      ])
        await expect(ask).rejects.toMatchObject({ code: 'not_found' });
    }
    expect(await search('secret')).toHaveLength(1);
    expect((await suite.ask(GetMessage, answer, tenant)).feedback).toMatchObject({ rating: 'up' });
  });
});
