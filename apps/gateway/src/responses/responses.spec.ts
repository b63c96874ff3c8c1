import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  CancelRun,
  DeleteStoredRequest,
  DomainError,
  formatId,
  GetMessage,
  GetRunEvents,
  GetStoredRequest,
  ListRequestMessages,
  type RunEvent,
  type RunView,
  StartRun,
} from '@parley/contracts';
import OpenAI from 'openai';
import { type ResponseStreamEvent } from 'openai/resources/responses/responses';
import { CITATION, COMPLETED, createRoutesApp, type FakeRun, type RoutesApp } from '../fixtures/routes.fixture.js';
import { runView } from '../fixtures/fake-bus.fixture.js';
import { responseRequest } from './response-request.js';

const RUN = '0198c0de-0000-7000-8000-000000000411';
const CONVERSATION = '0198c0de-0000-7000-8000-00000000c0de';
const ANSWER = '0198c0de-0000-7000-8000-00000000e55a';
const ID = formatId('response', RUN);

const TEXT: RunEvent[] = [
  { type: 'text', text: 'It lasts ' },
  { type: 'text', text: 'two years [1].' },
  { ...COMPLETED, annotations: [CITATION] },
];
const CALLS: RunEvent[] = [
  { type: 'text', text: 'Hm.' },
  { type: 'tool_call', index: 0, id: 'call_1', name: 'weather', argumentsDelta: '{"city":' },
  { type: 'tool_call', index: 0, argumentsDelta: '"Rome"}' },
  { type: 'tool_call', index: 1, id: 'call_2', name: 'time', argumentsDelta: '' },
  { ...COMPLETED, finishReason: 'tool_calls' },
];
const output = { text: 'It lasts two years [1].', toolCalls: [], annotations: [CITATION] };
const stored = (fields: Partial<RunView> = {}) => ({
  request: { ...responseRequest({ model: 'default', input: 'Hi', temperature: 0.5 }) },
  run: runView({ id: RUN, status: 'completed', output, usage: COMPLETED.usage, finishReason: 'stop', ...fields }),
});

describe('/v1/responses', () => {
  let app: RoutesApp;
  let openai: OpenAI;

  beforeAll(async () => {
    app = await createRoutesApp();
    openai = new OpenAI({ baseURL: `${app.url}/v1`, apiKey: 'sk-any', maxRetries: 0 });
  });
  afterAll(() => app.close());
  beforeEach(() => {
    app.bus.reset();
    app.bus.on(GetStoredRequest, () => stored());
  });

  const answering = (events: RunEvent[]) => app.bus.acceptRuns({}, (run: FakeRun) => run.send(...events));
  const started = () => app.bus.asked(StartRun)[0]!;

  async function eventsOf(stream: AsyncIterable<ResponseStreamEvent>): Promise<ResponseStreamEvent[]> {
    const events: ResponseStreamEvent[] = [];
    for await (const event of stream) events.push(event);
    return events;
  }

  it('creates one, with what the request said', async () => {
    answering(TEXT);
    const response = await openai.responses.create({
      model: 'default',
      instructions: 'Be brief.',
      input: 'How long does the warranty last?',
      temperature: 0.5,
      max_output_tokens: 50,
      metadata: { team: 'a' },
      reasoning: { effort: 'low' },
      text: { format: { type: 'json_schema', name: 'answer', schema: { type: 'object' }, strict: true } },
      tools: [
        { type: 'function', name: 'weather', parameters: { type: 'object' }, strict: true },
        { type: 'file_search', vector_store_ids: [formatId('knowledgeBase', CONVERSATION)], max_num_results: 3 },
      ],
      tool_choice: { type: 'function', name: 'weather' },
    });
    expect(started()).toMatchObject({
      messages: [
        { role: 'system', content: 'Be brief.' },
        { role: 'user', content: 'How long does the warranty last?' },
      ],
      retrieval: { knowledgeBaseIds: [CONVERSATION], maxResults: 3 },
      generation: {
        temperature: 0.5,
        maxOutputTokens: 50,
        reasoningEffort: 'low',
        responseFormat: {
          type: 'json_schema',
          json_schema: { name: 'answer', schema: { type: 'object' }, strict: true },
        },
        tools: [{ type: 'function', function: { name: 'weather', parameters: { type: 'object' }, strict: true } }],
        toolChoice: { type: 'function', function: { name: 'weather' } },
      },
      store: true,
      record: { kind: 'response', request: { instructions: 'Be brief.', temperature: 0.5 } },
      metadata: { team: 'a' },
    });
    expect(response.output_text).toBe(output.text);
    expect(response).toMatchObject({
      object: 'response',
      status: 'completed',
      conversation: { id: formatId('conversation', CONVERSATION) },
      output: [
        {
          id: formatId('message', ANSWER),
          type: 'message',
          role: 'assistant',
          content: [{ type: 'output_text', annotations: [{ type: 'file_citation', index: 5, quote: CITATION.quote }] }],
        },
      ],
      usage: { input_tokens: 11, output_tokens: 7, total_tokens: 18, input_tokens_details: { cached_tokens: 3 } },
    });
  });

  it('keeps nothing when it is not to be stored', async () => {
    answering(TEXT);
    const response = await openai.responses.create({ model: 'default', input: 'Hi', store: false });
    expect(started()).toMatchObject({ store: false });
    expect(started()).not.toHaveProperty('record');
    expect(response).toMatchObject({ status: 'completed', conversation: null, store: false, output_text: output.text });
    await expect(
      openai.responses.create({ model: 'default', input: 'Hi', store: false, background: true }),
    ).rejects.toMatchObject({ status: 400, param: 'background' });
  });

  it('takes messages, calls and their outputs as input', async () => {
    answering(TEXT);
    await openai.responses.create({
      model: 'default',
      input: [
        { role: 'developer', content: 'In French.' },
        { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'Weather?' }] },
        { type: 'function_call', call_id: 'call_1', name: 'weather', arguments: '{}' },
        { type: 'function_call', call_id: 'call_2', name: 'time', arguments: '{}' },
        { type: 'function_call_output', call_id: 'call_1', output: 'rain' },
        {
          role: 'user',
          content: [
            { type: 'input_text', text: 'And this?' },
            { type: 'input_image', image_url: 'data:image/png;base64,AA==', detail: 'low' },
          ],
        },
      ],
    });
    expect(started().messages).toEqual([
      { role: 'developer', content: 'In French.' },
      { role: 'user', content: 'Weather?' },
      {
        role: 'assistant',
        content: null,
        toolCalls: [
          { id: 'call_1', type: 'function', function: { name: 'weather', arguments: '{}' } },
          { id: 'call_2', type: 'function', function: { name: 'time', arguments: '{}' } },
        ],
      },
      { role: 'tool', content: 'rain', toolCallId: 'call_1' },
      {
        role: 'user',
        content: [
          { type: 'text', text: 'And this?' },
          { type: 'image_url', image_url: { url: 'data:image/png;base64,AA==', detail: 'low' } },
        ],
      },
    ]);
  });

  it.each([
    ['input', {}],
    ['input', { input: [] }],
    ['input.0.role', { input: [{ role: 'tool', content: 'x' }] }],
    [
      'input.1.type',
      {
        input: ['a', 'b']
          .map(() => ({ type: 'message', role: 'user', content: 'x' }))
          .with(1, { type: 'item_reference' } as never),
      },
    ],
    ['input.0.content.0.type', { input: [{ role: 'user', content: [{ type: 'input_audio' }] }] }],
    ['temperature', { input: 'x', temperature: 3 }],
    ['text.format', { input: 'x', text: { format: { type: 'json_schema' } } }],
    ['prompt', { input: 'x', prompt: { id: 'pmpt_1' } }],
    ['conversation', { input: 'x', conversation: 'conv_1' }],
    ['previous_response_id', { input: 'x', previous_response_id: 'resp_1' }],
    ['previous_response_id', { input: 'x', previous_response_id: ID, conversation: formatId('conversation', RUN) }],
    ['tools.0.function', { input: 'x', tools: [{ type: 'function' }] }],
  ])('refuses a bad %s', async (param, fields) => {
    const request = openai.responses.create({ model: 'default', ...fields } as never);
    await expect(request).rejects.toMatchObject({ param });
    expect(app.bus.runs).toEqual([]);
  });

  it('streams the official events, numbered, in their order', async () => {
    answering(TEXT);
    const events = await eventsOf(await openai.responses.create({ model: 'default', input: 'Hi', stream: true }));
    expect(events.map(({ type }) => type)).toEqual([
      'response.created',
      'response.in_progress',
      'response.output_item.added',
      'response.content_part.added',
      'response.output_text.delta',
      'response.output_text.delta',
      'response.output_text.annotation.added',
      'response.output_text.done',
      'response.content_part.done',
      'response.output_item.done',
      'response.completed',
    ]);
    const numbers = events.map(({ sequence_number }) => sequence_number);
    expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b));
    expect(events.at(-1)).toMatchObject({
      response: { status: 'completed', output: [{ content: [{ text: output.text }] }], usage: { total_tokens: 18 } },
    });
  });

  it('streams calls of functions behind the text', async () => {
    answering(CALLS);
    const stream = openai.responses.stream({ model: 'default', input: 'Hi' });
    const events = await eventsOf(stream);
    expect(events.filter(({ type }) => type.startsWith('response.function_call_arguments'))).toMatchObject([
      { delta: '{"city":', output_index: 1 },
      { delta: '"Rome"}', output_index: 1 },
      { arguments: '{"city":"Rome"}', output_index: 1, name: 'weather' },
      { arguments: '', output_index: 2, name: 'time' },
    ]);
    const final = await stream.finalResponse();
    expect(final.output).toMatchObject([
      { type: 'message', content: [{ text: 'Hm.' }] },
      { type: 'function_call', call_id: 'call_1', name: 'weather', arguments: '{"city":"Rome"}', status: 'completed' },
      { type: 'function_call', call_id: 'call_2', name: 'time', arguments: '' },
    ]);
  });

  it.each([
    ['text', TEXT],
    ['calls', CALLS],
  ])('tells a response with %s again from behind any event, and nothing twice', async (_what, told) => {
    answering(told);
    const whole = await eventsOf(await openai.responses.create({ model: 'default', input: 'Hi', stream: true }));
    const pieces = told.flatMap((event): RunEvent[] => {
      if (event.type === 'text') return [...event.text].map((text) => ({ type: 'text', text }));
      return [event];
    });
    const ended = { run: runView({ status: 'completed' }), state: 'ended' as const, events: pieces };
    app.bus.on(GetRunEvents, () => ended).on(GetStoredRequest, () => stored());
    const textOf = (events: ResponseStreamEvent[]) =>
      events.map((event) => (event.type === 'response.output_text.delta' ? event.delta : '')).join('');
    for (const [index, { sequence_number: starting_after }] of whole.entries()) {
      const rest = await eventsOf(await openai.responses.retrieve(ID, { stream: true, starting_after }));
      expect(textOf(whole.slice(0, index + 1)) + textOf(rest)).toBe(textOf(whole));
      const others = (events: ResponseStreamEvent[]) =>
        events
          .filter(({ type }) => !type.endsWith('.delta'))
          .map(({ type, sequence_number }) => [type, sequence_number]);
      expect(others(rest)).toEqual(others(whole.slice(index + 1)));
    }
  });

  it('shows the search that grounds it', async () => {
    answering(TEXT);
    const tools = [{ type: 'file_search' as const, vector_store_ids: [formatId('knowledgeBase', CONVERSATION)] }];
    const stream = await openai.responses.create({ model: 'default', input: 'How long?', tools, stream: true });
    const events = await eventsOf(stream);
    expect(events.slice(2, 8).map(({ type }) => type)).toEqual([
      'response.output_item.added',
      'response.file_search_call.in_progress',
      'response.file_search_call.searching',
      'response.file_search_call.completed',
      'response.output_item.done',
      'response.output_item.added',
    ]);
    const search = { type: 'file_search_call', queries: ['How long?'], status: 'completed' };
    expect(events.at(-1)).toMatchObject({ response: { output: [search, { type: 'message' }] } });
    expect(events.at(-1)).not.toHaveProperty('response.search_queries');
    const request = responseRequest({ model: 'default', input: 'How long?', tools });
    app.bus.on(GetStoredRequest, () => ({ ...stored(), request: { ...request } }));
    expect((await openai.responses.retrieve(ID)).output).toMatchObject([search, { type: 'message' }]);
    await openai.responses.create({ model: 'default', input: 'How long?', tools, tool_choice: 'none', store: false });
    expect(app.bus.asked(StartRun).at(-1)).not.toHaveProperty('retrieval');
  });

  it('ends with what went wrong', async () => {
    const failure = { code: 'provider_error' as const, message: 'The model failed.' };
    answering([TEXT[0]!, { type: 'failed', error: failure }]);
    const events = await eventsOf(await openai.responses.create({ model: 'default', input: 'Hi', stream: true }));
    expect(events.at(-1)).toMatchObject({
      type: 'response.failed',
      response: { status: 'failed', error: { code: 'server_error', message: 'The model failed.' } },
    });
    answering([{ ...COMPLETED, finishReason: 'length' }]);
    const cut = await eventsOf(await openai.responses.create({ model: 'default', input: 'Hi', stream: true }));
    expect(cut.at(-1)).toMatchObject({
      type: 'response.incomplete',
      response: { status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' } },
    });
    answering([{ type: 'failed', error: failure }]);
    await expect(openai.responses.create({ model: 'default', input: 'Hi', stream: true })).rejects.toMatchObject({
      status: 502,
    });
  });

  it('goes on behind a response, or in a conversation', async () => {
    answering(TEXT);
    await openai.responses.create({ model: 'default', input: 'And then?', previous_response_id: ID });
    await openai.responses.create({
      model: 'default',
      input: 'Hi',
      conversation: { id: formatId('conversation', RUN) },
    });
    app.bus.on(GetStoredRequest, () => stored({ status: 'failed', output: null, parentId: RUN }));
    answering(TEXT);
    const after = openai.responses.create({ model: 'default', input: 'Hi', previous_response_id: ID, store: false });
    await after;
    expect(app.bus.asked(StartRun)).toMatchObject([
      { conversationId: CONVERSATION, branch: { kind: 'after', messageId: ANSWER } },
      { conversationId: RUN },
      { conversationId: CONVERSATION, branch: { kind: 'after', messageId: RUN } },
    ]);
    app.bus.on(GetStoredRequest, () => stored({ status: 'in_progress' }));
    const early = openai.responses.create({ model: 'default', input: 'Hi', previous_response_id: ID });
    await expect(early).rejects.toMatchObject({ status: 409 });
    app.bus.on(GetStoredRequest, () => {
      throw DomainError.notFound('response');
    });
    const unknown = openai.responses.create({ model: 'default', input: 'Hi', previous_response_id: ID });
    await expect(unknown).rejects.toMatchObject({ status: 404, param: 'previous_response_id' });
  });

  it('answers at once in the background, and nobody has to listen', async () => {
    app.bus.on(StartRun, ({ runId }) => ({
      ...{ runId, conversationId: CONVERSATION, messageId: ANSWER, parentId: null },
      ...{ model: 'stub-model', provider: 'stub', createdAt: '2026-01-02T03:04:05.678Z' },
    }));
    const response = await openai.responses.create({ model: 'default', input: 'Hi', background: true });
    expect(response).toMatchObject({ status: 'in_progress', background: true, output: [] });
    expect(started()).not.toHaveProperty('streamAddress');
  });

  it('is got, stopped and deleted, and shows what it follows', async () => {
    expect(await openai.responses.retrieve(ID)).toMatchObject({ id: ID, temperature: 0.5, output_text: output.text });
    app.bus.on(CancelRun, () => runView({ id: RUN, status: 'cancelled' }));
    expect(await openai.responses.cancel(ID)).toMatchObject({ id: ID, status: 'cancelled', output: [] });
    const question = {
      ...{
        id: ANSWER,
        conversationId: CONVERSATION,
        role: 'user' as const,
        content: 'Hi',
        annotations: [],
        toolCalls: [],
      },
      ...{ toolCallId: null, parentId: null, siblingIds: [ANSWER], status: 'completed' as const, feedback: null },
      ...{ runId: null, model: null, usage: null, createdAt: '2026-01-02T03:04:05.678Z' },
    };
    app.bus.on(ListRequestMessages, () => ({ data: [question], hasMore: false })).on(GetMessage, () => question);
    const items = await openai.responses.inputItems.list(ID, { order: 'asc' });
    expect(items.data).toEqual([
      {
        ...{ id: formatId('message', ANSWER), type: 'message', role: 'user', status: 'completed' },
        content: [{ type: 'input_text', text: 'Hi' }],
      },
    ]);
    app.bus.on(DeleteStoredRequest, ({ id }) => ({ id, deleted: true }));
    await openai.responses.delete(ID);
    expect(app.bus.asked(DeleteStoredRequest)).toEqual([{ id: RUN, kind: 'response' }]);
    await expect(openai.responses.retrieve('resp_1')).rejects.toMatchObject({ status: 404 });
  });
});
