import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  DeleteMessage,
  DomainError,
  formatId,
  GetMessage,
  ListMessages,
  type MessageView,
  StartRun,
  UpdateConversation,
} from '@parley/contracts';
import { COMPLETED, createRoutesApp, type RoutesApp } from '../fixtures/routes.fixture.js';

const CONVERSATION = '0198c0de-0000-7000-8000-00000000cccc';
const QUESTION = '0198c0de-0000-7000-8000-00000000e551';
const ANSWER = '0198c0de-0000-7000-8000-00000000e552';
const ID = formatId('conversation', CONVERSATION);
const CREATED = '2026-01-02T03:04:05.678Z';
const msg = (id: string) => formatId('message', id);

const answer: MessageView = {
  id: ANSWER,
  conversationId: CONVERSATION,
  role: 'assistant',
  content: 'Hello',
  annotations: [],
  toolCalls: [],
  toolCallId: null,
  parentId: QUESTION,
  siblingIds: ['0198c0de-0000-7000-8000-00000000e553', ANSWER],
  status: 'completed',
  feedback: null,
  runId: null,
  model: null,
  usage: null,
  createdAt: CREATED,
};

describe('branches of /api/v1/conversations', () => {
  let app: RoutesApp;

  beforeAll(async () => {
    app = await createRoutesApp({ MAX_MESSAGE_LENGTH: '20' });
  });
  afterAll(() => app.close());
  beforeEach(() => {
    app.bus.reset();
    app.bus.acceptRuns({}, (run) => run.send({ type: 'text', text: 'Hello' }, COMPLETED));
    app.bus.on(GetMessage, () => answer);
  });

  const call = async (method: string, path: string, body?: object) => {
    const headers: Record<string, string> = body ? { 'content-type': 'application/json' } : {};
    const init = { method, headers, ...(body ? { body: JSON.stringify(body) } : {}) };
    const response = await fetch(`${app.url}/api/v1/conversations/${ID}${path}`, init);
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  };

  it.each([
    ['a message behind another', '', { content: 'Hi', parent_id: msg(ANSWER) }, 'after', ANSWER, 1],
    ['a message said differently', `/${msg(QUESTION)}/edit`, { content: 'Ho' }, 'edit', QUESTION, 1],
    ['another answer', `/${msg(ANSWER)}/regenerate`, {}, 'regenerate', ANSWER, 0],
    ['the rest of an answer', `/${msg(ANSWER)}/continue`, { model: 'gpt-5' }, 'continue', ANSWER, 0],
  ])('start a run for %s', async (_what, path, body, kind, messageId, said) => {
    const reply = await call('POST', `/messages${path}`, body);
    expect(reply).toMatchObject({
      status: 200,
      body: { content: 'Hello', parent_id: msg(QUESTION), sibling_ids: [expect.any(String), msg(ANSWER)] },
    });
    const [request] = app.bus.asked(StartRun);
    expect(request).toMatchObject({ conversationId: CONVERSATION, branch: { kind, messageId }, store: true });
    expect(request!.messages).toHaveLength(said);
  });

  it('refuse what is too long or has no such message', async () => {
    const edit = `/messages/${msg(QUESTION)}/edit`;
    expect(await call('POST', edit, { content: 'x'.repeat(21) })).toMatchObject({
      status: 400,
      body: { code: 'message_too_long' },
    });
    expect(await call('POST', edit, {})).toMatchObject({ status: 400, body: { param: 'content' } });
    expect(await call('POST', '/messages', { content: 'Hi', parent_id: ID })).toMatchObject({
      status: 404,
      body: { param: 'parent_id' },
    });
    expect(app.bus.requests).toEqual([]);
    app.bus.on(StartRun, () => {
      throw new DomainError('conflict', 'The answer is complete.', { param: 'message_id' });
    });
    expect(await call('POST', `/messages/${msg(ANSWER)}/continue`, {})).toMatchObject({
      status: 409,
      body: { code: 'conflict', param: 'message_id' },
    });
  });

  it('are listed one by one, or all', async () => {
    app.bus.on(ListMessages, () => ({ data: [answer], hasMore: false }));
    await call('GET', `/messages?branch=${msg(ANSWER)}`);
    await call('GET', '/messages?branch=all&order=asc');
    expect(app.bus.asked(ListMessages)).toEqual([
      { conversationId: CONVERSATION, branch: ANSWER, limit: 20, order: 'desc' },
      { conversationId: CONVERSATION, all: true, limit: 20, order: 'asc' },
    ]);
    expect(await call('GET', '/messages?branch=none')).toMatchObject({ status: 404, body: { param: 'branch' } });
    expect((await call('GET', `/messages/${msg(ANSWER)}`)).body).toMatchObject({
      id: msg(ANSWER),
      status: 'completed',
    });
  });

  it.each(['PATCH', 'POST'])('are gone on with, and conversations renamed, by %s', async (method) => {
    app.bus.on(UpdateConversation, ({ id, title, metadata }) => ({
      ...{ id, title: title ?? null, metadata: metadata ?? {}, headId: ANSWER },
      ...{ assistantId: null, createdAt: CREATED, updatedAt: CREATED },
    }));
    const renamed = await call(method, '', { title: 'Papers' });
    expect(renamed).toMatchObject({ status: 200, body: { id: ID, title: 'Papers', head_id: msg(ANSWER) } });
    await call(method, '', { title: null, metadata: null, branch: msg(ANSWER) });
    expect(app.bus.asked(UpdateConversation)).toEqual([
      { id: CONVERSATION, title: 'Papers' },
      { id: CONVERSATION, title: null, metadata: {}, branch: ANSWER },
    ]);
    expect(await call(method, '', { title: 7 })).toMatchObject({ status: 400, body: { param: 'title' } });
  });

  it('lose a message', async () => {
    app.bus.on(DeleteMessage, ({ messageId: id }) => ({ id, deleted: true }));
    expect((await call('DELETE', `/messages/${msg(ANSWER)}`)).body).toEqual({
      id: msg(ANSWER),
      object: 'message.deleted',
      deleted: true,
    });
    expect(app.bus.asked(DeleteMessage)).toEqual([{ conversationId: CONVERSATION, messageId: ANSWER }]);
  });
});
