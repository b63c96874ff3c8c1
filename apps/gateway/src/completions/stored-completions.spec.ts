import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  DeleteStoredRequest,
  DomainError,
  formatId,
  GetStoredRequest,
  ListRequestMessages,
  ListStoredRequests,
  type MessageView,
  StartRun,
  UpdateStoredRequest,
} from '@parley/contracts';
import OpenAI from 'openai';
import { runView } from '../fixtures/fake-bus.fixture.js';
import { COMPLETED, createRoutesApp, type RoutesApp } from '../fixtures/routes.fixture.js';

const RUN = '0198c0de-0000-7000-8000-000000000411';
const ID = formatId('completion', RUN);
const output = { text: 'Two years.', toolCalls: [], annotations: [] };
const stored = {
  request: { instructions: [{ role: 'system', content: 'Be brief.' }], settings: { temperature: 0.5 } },
  run: runView({ id: RUN, status: 'completed', output, usage: COMPLETED.usage, metadata: { team: 'a' } }),
};
const question: MessageView = {
  ...{ id: RUN, conversationId: RUN, role: 'user', content: 'How long?', annotations: [], toolCalls: [] },
  ...{ toolCallId: null, parentId: null, siblingIds: [RUN], status: 'completed', feedback: null, runId: null },
  ...{ model: null, usage: null, createdAt: '2026-01-02T03:04:05.678Z' },
};

describe('stored chat completions', () => {
  let app: RoutesApp;
  let openai: OpenAI;

  beforeAll(async () => {
    app = await createRoutesApp();
    openai = new OpenAI({ baseURL: `${app.url}/v1`, apiKey: 'sk-any', maxRetries: 0 });
  });
  afterAll(() => app.close());
  beforeEach(() => app.bus.reset());

  it('are those that the client asked to store', async () => {
    app.bus.acceptRuns({}, (run) => run.send({ type: 'text', text: 'Two years.' }, COMPLETED));
    const messages = [
      { role: 'system' as const, content: 'Be brief.' },
      { role: 'user' as const, content: 'How long?' },
    ];
    const settings = { temperature: 0.5, stop: 'x' };
    await openai.chat.completions.create({ model: 'default', messages, ...settings, store: true });
    await openai.chat.completions.create({ model: 'default', messages, ...settings });
    const [asked, unasked] = app.bus.asked(StartRun);
    expect(asked!.record).toEqual({ kind: 'completion', request: { instructions: [messages[0]], settings } });
    expect(unasked).not.toHaveProperty('record');
  });

  it('are got, listed, changed and deleted', async () => {
    app.bus
      .on(GetStoredRequest, () => stored)
      .on(ListStoredRequests, () => ({ data: [stored], hasMore: false }))
      .on(UpdateStoredRequest, ({ metadata }) => ({ ...stored, run: { ...stored.run, metadata } }))
      .on(DeleteStoredRequest, ({ id }) => ({ id, deleted: true }));
    const completion = {
      ...{ id: ID, object: 'chat.completion', temperature: 0.5, metadata: { team: 'a' } },
      choices: [{ message: { role: 'assistant', content: 'Two years.' }, finish_reason: 'stop' }],
      usage: { total_tokens: 18 },
    };
    expect(await openai.chat.completions.retrieve(ID)).toMatchObject(completion);
    const list = await openai.chat.completions.list({ model: 'stub-model', metadata: { team: 'a' }, limit: 5 });
    expect(list.data).toMatchObject([completion]);
    expect(app.bus.asked(ListStoredRequests)).toEqual([
      { kind: 'completion', model: 'stub-model', metadata: { team: 'a' }, limit: 5, order: 'asc' },
    ]);
    expect(await openai.chat.completions.update(ID, { metadata: { k: 'v' } })).toMatchObject({ metadata: { k: 'v' } });
    expect(await openai.chat.completions.delete(ID)).toEqual({
      id: ID,
      object: 'chat.completion.deleted',
      deleted: true,
    });
  });

  it('show what they answer, instructions first', async () => {
    app.bus.on(GetStoredRequest, () => stored).on(ListRequestMessages, () => ({ data: [question], hasMore: false }));
    const { data } = await openai.chat.completions.messages.list(ID);
    expect(data).toMatchObject([
      { role: 'system', content: 'Be brief.' },
      { id: formatId('message', RUN), role: 'user', content: 'How long?' },
    ]);
    const later = await openai.chat.completions.messages.list(ID, { after: formatId('message', RUN) });
    expect(later.data).toHaveLength(1);
  });

  it('are not found when they were not stored', async () => {
    app.bus.on(GetStoredRequest, () => {
      throw DomainError.notFound('chat completion');
    });
    await expect(openai.chat.completions.retrieve(ID)).rejects.toMatchObject({ status: 404 });
    await expect(openai.chat.completions.retrieve('chatcmpl-1')).rejects.toMatchObject({ status: 404 });
  });
});
