import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  type ConversationView,
  DomainError,
  formatId,
  GetConversation,
  GiveFeedback,
  ListMessages,
  type MessageView,
  SearchConversations,
  WithdrawFeedback,
} from '@parley/contracts';
import { CITATION, createRoutesApp, type RoutesApp } from '../fixtures/routes.fixture.js';

const CONVERSATION = '0198c0de-0000-7000-8000-00000000cccc';
const MESSAGE = '0198c0de-0000-7000-8000-00000000e551';
const ID = formatId('conversation', CONVERSATION);
const CREATED = '2026-01-02T03:04:05.678Z';

const conversation: ConversationView = {
  ...{ id: CONVERSATION, title: 'Papers\nof old', assistantId: null, metadata: {}, headId: MESSAGE },
  ...{ createdAt: CREATED, updatedAt: CREATED },
};
const message = (fields: Partial<MessageView>): MessageView => ({
  ...{ id: MESSAGE, conversationId: CONVERSATION, role: 'user', content: 'Hi', annotations: [], toolCalls: [] },
  ...{ toolCallId: null, parentId: null, siblingIds: [MESSAGE], status: 'completed', feedback: null, runId: null },
  ...{ model: null, usage: null, createdAt: CREATED },
  ...fields,
});

describe('what else can be done with conversations', () => {
  let app: RoutesApp;

  beforeAll(async () => {
    app = await createRoutesApp();
  });
  afterAll(() => app.close());
  beforeEach(() => app.bus.reset());

  const call = async (method: string, path: string, body?: object) => {
    const headers: Record<string, string> = body ? { 'content-type': 'application/json' } : {};
    const init = { method, headers, ...(body ? { body: JSON.stringify(body) } : {}) };
    const response = await fetch(`${app.url}/api/v1/conversations${path}`, init);
    const text = await response.text();
    const isJson = response.headers.get('content-type')!.includes('json');
    return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : text };
  };

  it('are searched', async () => {
    const messages = [{ messageId: MESSAGE, role: 'user' as const, snippet: 'about papers' }];
    app.bus.on(SearchConversations, () => ({ data: [{ conversation, messages }], hasMore: true }));
    const { status, body } = await call('GET', `/search?query=paper&limit=1&after=${ID}`);
    expect(status).toBe(200);
    expect(body).toMatchObject({
      object: 'list',
      data: [
        { id: ID, matches: [{ message_id: formatId('message', MESSAGE), role: 'user', snippet: 'about papers' }] },
      ],
      last_id: ID,
      has_more: true,
    });
    expect(app.bus.asked(SearchConversations)).toEqual([{ query: 'paper', limit: 1, after: CONVERSATION }]);
  });

  it.each([
    ['query', ''],
    ['query', `?query=${'x'.repeat(257)}`],
    ['limit', '?query=x&limit=0'],
    ['after', '?query=x&after=msg_1'],
  ])('are not searched with a bad %s', async (param, query) => {
    expect(await call('GET', `/search${query}`)).toMatchObject({ status: 400, body: { param } });
  });

  it('are exported with every branch as JSON, page by page', async () => {
    const pages = [
      { data: [message({}), message({ content: 'Ho' })], hasMore: true },
      { data: [message({ role: 'assistant', content: 'Hello' })], hasMore: false },
    ];
    app.bus.on(GetConversation, () => conversation).on(ListMessages, () => pages.shift()!);
    const { body, headers } = await call('GET', `/${ID}/export`);
    expect(body).toMatchObject({ id: ID, messages: [{ content: 'Hi' }, { content: 'Ho' }, { content: 'Hello' }] });
    expect(headers.get('content-disposition')).toBe(`attachment; filename="${ID}.json"`);
    expect(app.bus.asked(ListMessages)).toEqual([
      { conversationId: CONVERSATION, all: true, limit: 100, order: 'asc' },
      { conversationId: CONVERSATION, all: true, limit: 100, order: 'asc', after: MESSAGE },
    ]);
  });

  it('are exported as a document for people', async () => {
    const answer = message({ role: 'assistant', content: 'Hello [1]', model: 'gpt', annotations: [CITATION] });
    const data = [message({}), answer, message({ role: 'assistant', content: 'Hm', status: 'interrupted' })];
    app.bus.on(GetConversation, () => conversation).on(ListMessages, () => ({ data, hasMore: false }));
    const { body } = await call('GET', `/${ID}/export?format=markdown`);
    expect(body).toBe(
      [
        '# Papers of old\n',
        '## User, 2026-01-02 03:04 UTC\n\nHi\n',
        '## Assistant (gpt), 2026-01-02 03:04 UTC\n\nHello [1]\n',
        '> Dynamic languages are popular\n> — tracemonkey.pdf\n',
        '## Assistant, 2026-01-02 03:04 UTC\n\nHm\n',
        '*(interrupted)*\n',
      ].join('\n'),
    );
    expect(app.bus.asked(ListMessages)[0]).not.toHaveProperty('all');
    expect(await call('GET', `/${ID}/export?format=pdf`)).toMatchObject({ status: 400, body: { param: 'format' } });
    app.bus.on(GetConversation, () => {
      throw DomainError.notFound('conversation');
    });
    expect((await call('GET', `/${ID}/export`)).status).toBe(404);
  });

  it('have answers that are judged', async () => {
    const path = `/${ID}/messages/${formatId('message', MESSAGE)}/feedback`;
    app.bus
      .on(GiveFeedback, ({ rating, comment = null }) => ({ rating, comment }))
      .on(WithdrawFeedback, ({ messageId: id }) => ({ id, deleted: true }));
    expect(await call('PUT', path, { rating: 'down', comment: 'Too long.' })).toMatchObject({
      status: 200,
      body: { rating: 'down', comment: 'Too long.' },
    });
    const at = { conversationId: CONVERSATION, messageId: MESSAGE };
    expect(app.bus.asked(GiveFeedback)).toEqual([{ ...at, rating: 'down', comment: 'Too long.' }]);
    expect((await call('DELETE', path)).body).toMatchObject({ object: 'message.feedback.deleted', deleted: true });
    expect(app.bus.asked(WithdrawFeedback)).toEqual([at]);
    for (const [param, body] of [
      ['rating', { rating: 'so-so' }],
      ['comment', { rating: 'up', comment: 'x'.repeat(4_001) }],
    ] as const)
      expect(await call('PUT', path, body)).toMatchObject({ status: 400, body: { param } });
  });
});
