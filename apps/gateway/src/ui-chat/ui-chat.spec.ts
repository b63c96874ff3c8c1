import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  CancelRun,
  CreateConversation,
  DomainError,
  FindRunUnderWay,
  formatId,
  GetConversation,
  GetRunEvents,
  ListMessages,
  type MessageView,
  type RunEvent,
  StartRun,
} from '@parley/contracts';
import { DefaultChatTransport, readUIMessageStream, type UIMessage, type UIMessageChunk } from 'ai';
import { CITATION, COMPLETED, createRoutesApp, type RoutesApp, runView } from '../fixtures/routes.fixture.js';

const CONVERSATION = '0198c0de-0000-7000-8000-00000000c0de';
const ANSWER = '0198c0de-0000-7000-8000-00000000a111';
const QUESTION = '0198c0de-0000-7000-8000-00000000a222';
const RUN = '0198c0de-0000-7000-8000-000000000411';
const text = (said: string): RunEvent => ({ type: 'text', text: said });
const user = (said: string, id = 'u1'): UIMessage => ({ id, role: 'user', parts: [{ type: 'text', text: said }] });
const answer = (id: string, parts: UIMessage['parts'] = []): UIMessage => ({ id, role: 'assistant', parts });
const stored = (fields: Partial<MessageView>) => ({ toolCalls: [], toolCallId: null, ...fields }) as MessageView;

describe('A chat of the AI SDK', () => {
  let app: RoutesApp;
  let transport: DefaultChatTransport<UIMessage>;
  let head: string | null;
  beforeAll(async () => {
    app = await createRoutesApp();
    transport = new DefaultChatTransport({ api: `${app.url}/api/v1/chat` });
  });
  afterAll(() => app.close());
  beforeEach(() => {
    app.bus.reset();
    head = ANSWER;
    const conversation = ({ id }: { id: string }) => ({ id, headId: head }) as never;
    app.bus.on(CreateConversation, conversation).on(GetConversation, conversation);
    app.bus.on(ListMessages, () => ({ data: [], hasMore: false }));
    app.bus.on(FindRunUnderWay, () => ({ run: null }));
    app.bus.acceptRuns({}, (run) => run.send(COMPLETED));
  });

  interface Sent {
    messages: UIMessage[];
    trigger?: 'submit-message' | 'regenerate-message';
    messageId?: string;
    chatId?: string;
    body?: object;
  }
  const send = ({ trigger = 'submit-message', messageId, chatId = 'chat', ...sent }: Sent) =>
    transport.sendMessages({ trigger, chatId, messageId, abortSignal: undefined, ...sent });
  const asked = async (sent: Sent) => {
    await chunksOf(await send(sent));
    return app.bus.asked(StartRun).at(-1)!;
  };

  async function chunksOf(stream: ReadableStream<UIMessageChunk>): Promise<UIMessageChunk[]> {
    const chunks: UIMessageChunk[] = [];
    for await (const chunk of stream) chunks.push(chunk);
    return chunks;
  }

  async function messageOf(stream: ReadableStream<UIMessageChunk>): Promise<UIMessage> {
    let last: UIMessage | undefined;
    for await (const message of readUIMessageStream({ stream })) last = message;
    return last!;
  }

  it('streams text, calls and sources as parts of one message that is stored', async () => {
    app.bus.acceptRuns({}, (run) =>
      run.send(
        {
          type: 'server_tool',
          callId: 's1',
          tool: 'file_search',
          name: 'search',
          state: 'started',
          arguments: '{"q":1}',
        },
        { type: 'server_tool', callId: 's1', tool: 'file_search', name: 'search', state: 'completed' },
        ...[text('It '), text('lasts.')],
        { type: 'tool_call', index: 0, id: 'c1', name: 'weather', argumentsDelta: '{"place":' },
        { type: 'tool_call', index: 0, argumentsDelta: '"Oslo"}' },
        { ...COMPLETED, finishReason: 'tool_calls', annotations: [CITATION, { ...CITATION, index: 9 }] },
      ),
    );
    const message = await messageOf(await send({ messages: [user('Hello')] }));
    const run = app.bus.asked(StartRun)[0]!;
    expect(message).toMatchObject({
      id: formatId('message', '0198c0de-0000-7000-8000-00000000e55a'),
      role: 'assistant',
      metadata: {
        parley: {
          run_id: formatId('run', run.runId),
          status: 'completed',
          cost_micros: 1_234,
          annotations: { length: 2 },
        },
      },
    });
    expect(message.parts).toEqual([
      { type: 'step-start' },
      expect.objectContaining({
        type: 'dynamic-tool',
        toolCallId: 's1',
        state: 'output-available',
        providerExecuted: true,
      }),
      expect.objectContaining({ type: 'text', text: 'It lasts.', state: 'done' }),
      expect.objectContaining({ type: 'tool-weather', state: 'input-available', input: { place: 'Oslo' } }),
      expect.objectContaining({ type: 'source-document', mediaType: 'application/pdf', filename: 'tracemonkey.pdf' }),
    ]);
  });

  it('is sent as the AI SDK expects it', async () => {
    const body = JSON.stringify({ id: 'chat', messages: [user('Hello')] });
    const headers = { 'content-type': 'application/json' };
    const response = await fetch(`${app.url}/api/v1/chat`, { method: 'POST', headers, body });
    expect(response.headers.get('x-vercel-ai-ui-message-stream')).toBe('v1');
    expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    expect((await response.text()).endsWith('data: [DONE]\n\n')).toBe(true);
  });

  it('begins with all that the client has, and the same id is the same conversation', async () => {
    head = null;
    const first = await asked({ messages: [answer('greeting', [{ type: 'text', text: 'Hi!' }]), user('Hello')] });
    expect(first.messages).toEqual([
      { role: 'assistant', content: 'Hi!' },
      { role: 'user', content: 'Hello' },
    ]);
    expect(app.bus.asked(CreateConversation)[0]).toMatchObject({ metadata: { chat_id: 'chat' } });
    const again = await asked({ messages: [user('Hello')] });
    const other = await asked({ messages: [user('Hello')], chatId: 'other' });
    expect([again.conversationId === first.conversationId, other.conversationId === first.conversationId]).toEqual([
      true,
      false,
    ]);
  });

  it('goes on behind the answer that the client knows, else at the end', async () => {
    const known = [user('One'), answer(formatId('message', ANSWER)), user('Two')];
    expect(await asked({ messages: known })).toMatchObject({
      messages: [{ role: 'user', content: 'Two' }],
      branch: { kind: 'after', messageId: ANSWER },
    });
    expect((await asked({ messages: [user('Two')] })).branch).toBeUndefined();
  });

  it('takes a model, tools and a conversation of Parley’s own', async () => {
    const weather = { type: 'function', function: { name: 'weather' } };
    const chatId = formatId('conversation', CONVERSATION);
    const run = await asked({ messages: [user('Hello')], chatId, body: { model: 'gpt', tools: [weather] } });
    expect(run).toMatchObject({ conversationId: CONVERSATION, model: 'gpt', generation: { tools: [weather] } });
    expect(app.bus.asked(CreateConversation)).toEqual([]);
  });

  it('edits its first message', async () => {
    app.bus.on(ListMessages, () => ({
      data: [stored({ id: QUESTION, role: 'user', content: 'Old' })],
      hasMore: false,
    }));
    const run = await asked({ messages: [user('New')], messageId: 'u1' });
    expect(run.branch).toEqual({ kind: 'edit', messageId: QUESTION });
  });

  it('answers anew: instead of an answer, to a message, and to one that was never stored', async () => {
    const trigger = 'regenerate-message' as const;
    const messages = [user('Hello')];
    const byId = await asked({ trigger, messages, messageId: formatId('message', ANSWER) });
    expect(byId).toMatchObject({ messages: [], branch: { kind: 'regenerate', messageId: ANSWER } });
    const unstored = await asked({ trigger, messages });
    expect([unstored.messages, unstored.branch]).toEqual([[{ role: 'user', content: 'Hello' }], undefined]);
    app.bus.on(ListMessages, () => ({
      data: [stored({ id: QUESTION, role: 'user', content: 'Hello' })],
      hasMore: false,
    }));
    expect(await asked({ trigger, messages })).toMatchObject({
      messages: [],
      branch: { kind: 'regenerate', messageId: QUESTION },
    });
  });

  it('goes on with the results of tools in the same message', async () => {
    const id = formatId('message', QUESTION);
    const called = {
      ...{ type: 'tool-weather', toolCallId: 'c1', state: 'output-available' },
      ...{ input: {}, output: { celsius: 7 } },
    } as UIMessage['parts'][number];
    const last = { ...answer(id, [called]), metadata: { parley: { message_id: formatId('message', ANSWER) } } };
    const [start] = await chunksOf(await send({ messages: [user('Hello'), last], messageId: id }));
    expect(start).toMatchObject({ type: 'start', messageId: id });
    expect(app.bus.asked(StartRun)[0]).toMatchObject({
      messages: [{ role: 'tool', content: '{"celsius":7}', toolCallId: 'c1' }],
      branch: { kind: 'after', messageId: ANSWER },
    });
  });

  it('that is being written is heard again from its beginning, with the steps before it', async () => {
    const run = runView({ id: RUN, messageId: ANSWER });
    const toolCalls = [
      { id: 'c1', type: 'function' as const, function: { name: 'weather', arguments: '{"place":"Oslo"}' } },
    ];
    app.bus.on(FindRunUnderWay, () => ({ run }));
    app.bus.on(GetRunEvents, () => ({ run, state: 'ended' as const, events: [text('7 °C.'), COMPLETED] }));
    app.bus.on(ListMessages, () => ({
      data: [
        stored({ id: RUN, role: 'tool', content: '{"celsius":7}', toolCallId: 'c1' }),
        stored({ id: QUESTION, role: 'assistant', content: 'Let me see.', toolCalls }),
        stored({ id: CONVERSATION, role: 'user', content: 'Hello' }),
      ],
      hasMore: false,
    }));
    const stream = await transport.reconnectToStream({ chatId: 'a/b' });
    const message = await messageOf(stream!);
    expect(message.id).toBe(formatId('message', QUESTION));
    expect(message.parts).toEqual([
      { type: 'step-start' },
      expect.objectContaining({ type: 'text', text: 'Let me see.' }),
      expect.objectContaining({
        ...{ type: 'tool-weather', state: 'output-available' },
        ...{ input: { place: 'Oslo' }, output: { celsius: 7 } },
      }),
      { type: 'step-start' },
      expect.objectContaining({ type: 'text', text: '7 °C.' }),
    ]);
  });

  it('in which nothing is being written has no stream', async () => {
    expect(await transport.reconnectToStream({ chatId: 'chat' })).toBeNull();
  });

  it('is stopped by a call of its own, unless another run is meant', async () => {
    const run = runView({ id: RUN });
    app.bus.on(FindRunUnderWay, () => ({ run })).on(CancelRun, () => run);
    const stop = async (activeStreamId?: string) => {
      const headers = { 'content-type': 'application/json' };
      const body = JSON.stringify({ activeStreamId });
      return (await fetch(`${app.url}/api/v1/chat/chat/stop`, { method: 'POST', headers, body })).json();
    };
    expect(await stop(formatId('run', QUESTION))).toEqual({ success: true, run_id: null });
    expect(app.bus.asked(CancelRun)).toEqual([]);
    expect(await stop()).toEqual({ success: true, run_id: formatId('run', RUN) });
    expect(app.bus.asked(CancelRun)).toHaveLength(1);
  });

  it('that was stopped ends with abort, and one that fails with an error', async () => {
    app.bus.acceptRuns({}, (run) => run.send(text('Half'), { ...COMPLETED, type: 'cancelled' }));
    const stopped = await chunksOf(await send({ messages: [user('Hello')] }));
    expect(stopped.slice(-4).map(({ type }) => type)).toEqual(['text-end', 'finish-step', 'message-metadata', 'abort']);
    const error = { code: 'timeout', message: 'Too slow.' } as const;
    app.bus.acceptRuns({}, (run) => run.send(text('Half'), { type: 'failed', error }));
    const failed = await chunksOf(await send({ messages: [user('Hello')] }));
    expect(failed.slice(-2)).toEqual([
      { type: 'message-metadata', messageMetadata: { parley: { error } } },
      { type: 'error', errorText: 'Too slow.' },
    ]);
  });

  it('of somebody else is not there', async () => {
    app.bus.on(GetConversation, () => {
      throw DomainError.notFound('conversation');
    });
    const id = formatId('conversation', CONVERSATION);
    const headers = { 'content-type': 'application/json' };
    const statuses = await Promise.all([
      fetch(`${app.url}/api/v1/chat`, { method: 'POST', headers, body: JSON.stringify({ id, messages: [user('x')] }) }),
      fetch(`${app.url}/api/v1/chat/${id}/stream`),
      fetch(`${app.url}/api/v1/chat/${id}/stop`, { method: 'POST' }),
    ]);
    expect(statuses.map(({ status }) => status)).toEqual([404, 404, 404]);
    expect(app.bus.asked(FindRunUnderWay)).toEqual([]);
  });

  it.each([
    ['messages', { messages: [] }],
    ['messages', { messages: [user('x'.repeat(4_001))] }],
    ['messages', { messages: [answer('a')] }],
    ['messages.0.role', { messages: [{ ...user('x'), role: 'tool' }] }],
    ['messages.0.parts', { messages: [{ ...user('x'), parts: ['x'] }] }],
    ['trigger', { messages: [user('x')], trigger: 'resume-stream' }],
    ['id', { messages: [user('x')], id: 7 }],
  ])('refuses bad %s', async (param, fields) => {
    const body = JSON.stringify({ id: 'chat', ...fields });
    const headers = { 'content-type': 'application/json' };
    const response = await fetch(`${app.url}/api/v1/chat`, { method: 'POST', headers, body });
    expect([response.status, await response.json()]).toMatchObject([400, { param }]);
  });
});
