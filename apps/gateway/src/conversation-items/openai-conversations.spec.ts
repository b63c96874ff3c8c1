import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  AddMessages,
  type ConversationView,
  CreateConversation,
  DeleteConversation,
  DeleteMessage,
  DomainError,
  formatId,
  GetConversation,
  GetMessage,
  ListMessages,
  type MessageView,
  UpdateConversation,
} from '@parley/contracts';
import OpenAI from 'openai';
import { CITATION, createRoutesApp, type RoutesApp } from '../fixtures/routes.fixture.js';

const CONVERSATION = '0198c0de-0000-7000-8000-00000000cccc';
const MESSAGE = '0198c0de-0000-7000-8000-00000000e551';
const ID = formatId('conversation', CONVERSATION);
const HEX = MESSAGE.replaceAll('-', '');
const CREATED = '2026-01-02T03:04:05.678Z';

const conversation = (fields: Partial<ConversationView> = {}): ConversationView => ({
  ...{ id: CONVERSATION, title: 'Mine', assistantId: null, metadata: {}, headId: null },
  ...{ createdAt: CREATED, updatedAt: CREATED },
  ...fields,
});
const message = (fields: Partial<MessageView> = {}): MessageView => ({
  ...{ id: MESSAGE, conversationId: CONVERSATION, role: 'user', content: 'Hi', annotations: [], toolCalls: [] },
  ...{ toolCallId: null, parentId: null, siblingIds: [MESSAGE], status: 'completed', feedback: null, runId: null },
  ...{ model: null, usage: null, createdAt: CREATED },
  ...fields,
});
const call = (id: string) => ({ id, type: 'function' as const, function: { name: 'weather', arguments: '{}' } });
const withCalls = message({ role: 'assistant', content: 'Hm.', toolCalls: [call('call_1'), call('call_2')] });

describe('/v1/conversations', () => {
  let app: RoutesApp;
  let openai: OpenAI;

  beforeAll(async () => {
    app = await createRoutesApp();
    openai = new OpenAI({ baseURL: `${app.url}/v1`, apiKey: 'sk-any', maxRetries: 0 });
  });
  afterAll(() => app.close());
  beforeEach(() => {
    app.bus.reset();
    app.bus
      .on(CreateConversation, (request) => conversation(request as Partial<ConversationView>))
      .on(GetConversation, ({ id }) => conversation({ id }))
      .on(AddMessages, ({ messages }) =>
        messages.map(({ id, role, content, ...rest }) => message({ id, role, content, ...rest })),
      );
  });

  it('are created with items, changed, got and deleted', async () => {
    const created = await openai.conversations.create({
      metadata: { team: 'a' },
      items: [{ type: 'message', role: 'user', content: 'Hi' }],
    });
    const { id } = app.bus.asked(CreateConversation)[0]!;
    expect(created).toEqual({
      id: formatId('conversation', id),
      object: 'conversation',
      created_at: 1767323045,
      metadata: { team: 'a' },
    });
    expect(app.bus.asked(AddMessages)).toMatchObject([
      { conversationId: id, messages: [{ role: 'user', content: 'Hi' }] },
    ]);
    expect(await openai.conversations.create()).toMatchObject({ metadata: {} });
    app.bus
      .on(UpdateConversation, ({ metadata }) => conversation({ metadata: metadata! }))
      .on(DeleteConversation, (request) => ({ id: request.id, deleted: true }));
    expect(await openai.conversations.update(ID, { metadata: { k: 'v' } })).toMatchObject({ metadata: { k: 'v' } });
    expect(await openai.conversations.retrieve(ID)).toMatchObject({ id: ID });
    expect(await openai.conversations.delete(ID)).toEqual({ id: ID, object: 'conversation.deleted', deleted: true });
  });

  it('take items of every kind', async () => {
    const { data } = await openai.conversations.items.create(ID, {
      items: [
        { type: 'message', role: 'system', content: 'Be brief.' },
        { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'Weather?' }] },
        { type: 'function_call', call_id: 'call_1', name: 'weather', arguments: '{}' },
        { type: 'function_call_output', call_id: 'call_1', output: 'rain' },
      ],
    });
    expect(data).toMatchObject([
      { type: 'message', role: 'system', content: [{ type: 'input_text', text: 'Be brief.' }] },
      { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'Weather?' }] },
      { type: 'function_call', id: expect.stringMatching(/^fc_/), call_id: 'call_1', name: 'weather', arguments: '{}' },
      { type: 'function_call_output', id: expect.stringMatching(/^fco_/), call_id: 'call_1', output: 'rain' },
    ]);
  });

  it.each([
    ['items', { items: [] }],
    ['items', { items: Array(21).fill({ role: 'user', content: 'x' }) }],
    ['items.0.type', { items: [{ type: 'web_search_call' }] }],
    ['items.0.content', { items: [{ role: 'user', content: [{ type: 'input_image', image_url: 'data:' }] }] }],
  ])('refuse bad %s', async (param, body) => {
    await expect(openai.conversations.items.create(ID, body as never)).rejects.toMatchObject({ status: 400, param });
    expect(app.bus.requests).toEqual([]);
  });

  it('list items page by page, also in the middle of an answer', async () => {
    app.bus.on(GetMessage, () => withCalls);
    const pages = [
      { data: [withCalls], hasMore: true },
      { data: [message({ content: 'Last' })], hasMore: false },
    ];
    app.bus.on(ListMessages, () => pages.shift()!);
    const first = await openai.conversations.items.list(ID, { limit: 2, order: 'asc' });
    expect(first.data.map((item) => item.id)).toEqual([`msg_${HEX}`, `fc_${HEX}`]);
    expect(first.has_more).toBe(true);
    const second = await first.getNextPage();
    expect(second.data).toMatchObject([
      { id: `fc_${HEX}_1`, call_id: 'call_2' },
      { type: 'message', content: [{ text: 'Last' }] },
    ]);
    expect(app.bus.asked(ListMessages)).toEqual([
      { conversationId: CONVERSATION, limit: 2, order: 'asc', tools: true },
      { conversationId: CONVERSATION, limit: 2, order: 'asc', tools: true, after: MESSAGE },
    ]);
    await expect(openai.conversations.items.list(ID, { after: 'item_1' })).rejects.toMatchObject({ status: 400 });
  });

  it('show and lose an item', async () => {
    app.bus.on(GetMessage, () => message({ role: 'assistant', content: 'Hello [1]', annotations: [CITATION] }));
    app.bus.on(DeleteMessage, ({ messageId: id }) => ({ id, deleted: true }));
    const at = { conversation_id: ID };
    expect(await openai.conversations.items.retrieve(`msg_${HEX}`, at)).toMatchObject({
      role: 'assistant',
      content: [{ type: 'output_text', text: 'Hello [1]', annotations: [{ type: 'file_citation', index: 5 }] }],
    });
    expect(await openai.conversations.items.delete(`msg_${HEX}`, at)).toMatchObject({ id: ID, object: 'conversation' });
    app.bus.on(GetMessage, () => withCalls);
    await expect(openai.conversations.items.delete(`fc_${HEX}`, at)).rejects.toMatchObject({ status: 409 });
    for (const strange of [`fc_${HEX}_7`, 'item_1'])
      await expect(openai.conversations.items.retrieve(strange, at)).rejects.toMatchObject({ status: 404 });
    app.bus.on(GetMessage, () => {
      throw DomainError.notFound('message');
    });
    await expect(openai.conversations.items.retrieve(`msg_${HEX}`, at)).rejects.toMatchObject({ status: 404 });
  });
});
