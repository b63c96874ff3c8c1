import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  type ConversationView,
  CreateConversation,
  DeleteConversation,
  formatId,
  GetConversation,
  GetMessage,
  GetMessageCitations,
  ListConversations,
  ListMessages,
  type MessageView,
  StartRun,
} from '@parley/contracts';
import {
  CITATION,
  COMPLETED,
  createRoutesApp,
  type FakeRun,
  type RoutesApp,
  USAGE,
} from '../fixtures/routes.fixture.js';

const CONVERSATION = '0198c0de-0000-7000-8000-00000000cccc';
const ASSISTANT = '0198c0de-0000-7000-8000-00000000a551';
const ID = formatId('conversation', CONVERSATION);
const CREATED = '2026-01-02T03:04:05.678Z';

const conversation = (fields: Partial<ConversationView> = {}): ConversationView => ({
  id: CONVERSATION,
  title: null,
  assistantId: null,
  metadata: {},
  headId: null,
  createdAt: CREATED,
  updatedAt: CREATED,
  ...fields,
});

const message: MessageView = {
  id: '0198c0de-0000-7000-8000-00000000e551',
  conversationId: CONVERSATION,
  role: 'user',
  content: 'Hi',
  annotations: [],
  toolCalls: [],
  toolCallId: null,
  parentId: null,
  siblingIds: ['0198c0de-0000-7000-8000-00000000e551'],
  status: 'completed',
  feedback: null,
  runId: null,
  model: null,
  usage: null,
  createdAt: CREATED,
};

const answer = (run: FakeRun) =>
  run.send(
    { type: 'text', text: 'Hello' },
    { type: 'text', text: ' there' },
    { ...COMPLETED, annotations: [CITATION] },
  );

describe('/api/v1/conversations', () => {
  let app: RoutesApp;

  beforeAll(async () => {
    app = await createRoutesApp({ MAX_MESSAGE_LENGTH: '20' });
  });
  afterAll(() => app.close());
  beforeEach(() => app.bus.reset());

  const call = async (method: string, path: string, body?: object) => {
    const headers: Record<string, string> = body ? { 'content-type': 'application/json' } : {};
    const init = { method, headers, ...(body ? { body: JSON.stringify(body) } : {}) };
    const response = await fetch(`${app.url}/api/v1/conversations${path}`, init);
    const text = await response.text();
    const isJson = response.headers.get('content-type')!.includes('json');
    return { status: response.status, body: isJson ? JSON.parse(text) : text };
  };

  it('creates one for an assistant', async () => {
    app.bus.on(CreateConversation, (request) => conversation(request as Partial<ConversationView>));
    const fields = { assistant_id: formatId('assistant', ASSISTANT), title: 'Papers', metadata: { team: 'a' } };
    const { status, body } = await call('POST', '', fields);
    expect(status).toBe(201);
    expect(app.bus.asked(CreateConversation)[0]).toMatchObject({ assistantId: ASSISTANT });
    expect(body).toEqual({
      id: formatId('conversation', app.bus.asked(CreateConversation)[0]!.id),
      object: 'conversation',
      created_at: 1767323045,
      updated_at: 1767323045,
      head_id: null,
      ...fields,
    });
  });

  it('creates an empty one', async () => {
    app.bus.on(CreateConversation, ({ id }) => conversation({ id }));
    expect((await call('POST', '', {})).status).toBe(201);
  });

  it('knows no assistant by another kind of id', async () => {
    expect(await call('POST', '', { assistant_id: ID })).toMatchObject({
      status: 404,
      body: { param: 'assistant_id' },
    });
  });

  it('gets, lists and deletes, and lists messages', async () => {
    app.bus
      .on(GetConversation, ({ id }) => conversation({ id }))
      .on(ListConversations, () => ({ data: [conversation()], hasMore: false }))
      .on(DeleteConversation, ({ id }) => ({ id, deleted: true }))
      .on(ListMessages, () => ({ data: [message], hasMore: false }));
    expect((await call('GET', `/${ID}`)).body).toMatchObject({ id: ID, assistant_id: null });
    expect((await call('GET', '')).body).toMatchObject({ object: 'list', data: [{ id: ID }], has_more: false });
    const messages = await call('GET', `/${ID}/messages?order=asc`);
    expect(messages.body).toMatchObject({
      data: [
        {
          id: formatId('message', message.id),
          object: 'message',
          conversation_id: ID,
          role: 'user',
          content: 'Hi',
          run_id: null,
          usage: null,
        },
      ],
    });
    expect(app.bus.asked(ListMessages)).toEqual([{ conversationId: CONVERSATION, limit: 20, order: 'asc' }]);
    expect((await call('DELETE', `/${ID}`)).body).toEqual({ id: ID, object: 'conversation.deleted', deleted: true });
  });

  it('answers a message with the message that the run wrote', async () => {
    app.bus.acceptRuns({}, answer);
    const stored = { ...message, role: 'assistant' as const, content: 'Hello there', annotations: [CITATION] };
    app.bus.on(GetMessage, ({ messageId: id }) => ({ ...stored, id, usage: USAGE }));
    const { status, body } = await call('POST', `/${ID}/messages`, { content: 'Hi' });
    expect(status).toBe(200);
    const [request] = app.bus.asked(StartRun);
    expect(request).toMatchObject({
      conversationId: CONVERSATION,
      messages: [{ role: 'user', content: 'Hi' }],
      generation: {},
      store: true,
    });
    expect(request).not.toHaveProperty('assistantId');
    expect(body).toMatchObject({
      id: expect.stringMatching(/^msg_/),
      object: 'message',
      conversation_id: ID,
      role: 'assistant',
      content: 'Hello there',
      annotations: [{ type: 'file_citation', quote: CITATION.quote }],
      usage: { total_tokens: USAGE.totalTokens },
    });
  });

  it('shows what a message cites, and what has become of it', async () => {
    const place = {
      knowledgeBaseId: CONVERSATION,
      chunkId: CITATION.chunkId,
      ordinal: 7,
      locator: { pageStart: 2, pageLabels: ['iv', 'iv'] as [string, string], rowStart: 4 },
    };
    app.bus.on(GetMessageCitations, () => ({
      citations: [
        { citation: CITATION, state: 'changed' as const, filename: CITATION.filename, place },
        { citation: CITATION, state: 'deleted' as const, filename: null, place: null },
      ],
    }));
    const { status, body } = await call('GET', `/${ID}/messages/${formatId('message', message.id)}/citations`);
    expect(status).toBe(200);
    expect(app.bus.asked(GetMessageCitations)).toEqual([{ conversationId: CONVERSATION, messageId: message.id }]);
    const cited = {
      type: 'file_citation',
      file_id: formatId('file', CITATION.fileId),
      quote: CITATION.quote,
      pages: [2, 2],
    };
    expect(body).toMatchObject({
      object: 'list',
      data: [
        {
          ...cited,
          state: 'changed',
          place: {
            vector_store_id: formatId('knowledgeBase', CONVERSATION),
            chunk_id: formatId('chunk', CITATION.chunkId),
            ordinal: 7,
            headings: null,
            pages: [2, 2],
            page_labels: ['iv', 'iv'],
            rows: [4, 4],
          },
        },
        { ...cited, state: 'deleted', place: null },
      ],
    });
    expect(await call('GET', `/${ID}/messages/${ID}/citations`)).toMatchObject({
      status: 404,
      body: { param: 'message_id' },
    });
  });

  it('streams the chunks of a chat completion, with the usage', async () => {
    app.bus.acceptRuns({}, answer);
    const { status, body } = await call('POST', `/${ID}/messages`, {
      content: 'Hi',
      stream: true,
      model: formatId('assistant', ASSISTANT),
    });
    expect(status).toBe(200);
    expect(app.bus.asked(StartRun)[0]).toMatchObject({ assistantId: ASSISTANT });
    expect(body).toMatch(
      /"content":" there"[^]*"annotations":\[[^]*"finish_reason":"stop"[^]*"total_tokens":18[^]*data: \[DONE\]\n\n$/,
    );
    expect(body).toContain(`"conversation_id":"${ID}"`);
  });

  it('refuses a message that is too long', async () => {
    const { status, body } = await call('POST', `/${ID}/messages`, { content: 'x'.repeat(21) });
    expect(status).toBe(400);
    expect(body).toMatchObject({ code: 'message_too_long', param: 'content', detail: expect.stringContaining('20') });
    expect(app.bus.requests).toEqual([]);
  });

  it.each([
    ['content', {}],
    ['content', { content: '' }],
    ['content', { content: [{ type: 'text', text: 'x' }] }],
    ['stream', { content: 'x', stream: 1 }],
  ])('refuses a message with a bad %s', async (param, body) => {
    expect(await call('POST', `/${ID}/messages`, body)).toMatchObject({
      status: 400,
      body: { code: 'invalid_request', param },
    });
  });
});
