import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { DomainError, formatId, type RunEvent, StartRun } from '@parley/contracts';
import { eventually } from '@parley/testing';
import OpenAI from 'openai';
import {
  CITATION,
  COMPLETED,
  createRoutesApp,
  type FakeRun,
  type RoutesApp,
  TENANT,
} from '../fixtures/routes.fixture.js';

const MESSAGES = [{ role: 'user' as const, content: 'What is TraceMonkey?' }];
const CONVERSATION = '0198c0de-0000-7000-8000-00000000cccc';
const CITED = {
  type: 'file_citation',
  file_id: formatId('file', CITATION.fileId),
  filename: 'tracemonkey.pdf',
  index: 5,
  chunk_id: formatId('chunk', CITATION.chunkId),
  quote: 'Dynamic languages are popular',
  score: 0.91,
  headings: null,
  pages: [2, 2],
  rows: null,
};
const WIRE_USAGE = {
  prompt_tokens: 11,
  completion_tokens: 7,
  total_tokens: 18,
  prompt_tokens_details: { cached_tokens: 3, audio_tokens: 0 },
  completion_tokens_details: {
    reasoning_tokens: 2,
    audio_tokens: 0,
    accepted_prediction_tokens: 0,
    rejected_prediction_tokens: 0,
  },
};
const TOOL_CALL: RunEvent[] = [
  { type: 'tool_call', index: 0, id: 'call_1', name: 'weather', argumentsDelta: '{"city":' },
  { type: 'tool_call', index: 0, argumentsDelta: '"Munich"}' },
  { ...COMPLETED, finishReason: 'tool_calls' },
];

const texts = (...parts: string[]): RunEvent[] => parts.map((text) => ({ type: 'text', text }));
const play =
  (...events: RunEvent[]) =>
  (run: FakeRun) =>
    run.send(...events);

describe('POST /v1/chat/completions', () => {
  let app: RoutesApp;
  let client: OpenAI;

  beforeAll(async () => {
    app = await createRoutesApp();
    client = new OpenAI({ apiKey: 'pk_test', baseURL: `${app.url}/v1`, maxRetries: 0 });
  });
  afterAll(() => app.close());
  beforeEach(() => app.bus.reset());

  const post = (body: object, init: RequestInit = {}) =>
    fetch(`${app.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: 'https://chat.example', 'x-request-id': 'req-7' },
      body: JSON.stringify({ model: 'default', messages: MESSAGES, ...body }),
      ...init,
    });
  const started = () => app.bus.asked(StartRun)[0]!;

  describe('without a stream', () => {
    it('answers with a whole completion', async () => {
      app.bus.acceptRuns({}, play(...texts('A tracing ', 'JIT.'), { ...COMPLETED, annotations: [CITATION] }));
      const completion = await client.chat.completions.create({ model: 'default', messages: MESSAGES });
      expect(completion).toEqual({
        id: formatId('completion', started().runId),
        object: 'chat.completion',
        created: 1767323045,
        model: 'stub-model',
        choices: [
          {
            index: 0,
            message: { role: 'assistant', content: 'A tracing JIT.', refusal: null, annotations: [CITED] },
            finish_reason: 'stop',
            logprobs: null,
          },
        ],
        usage: WIRE_USAGE,
        conversation_id: 'conv_0198c0de00007000800000000000c0de',
        parley: {
          run_id: formatId('run', started().runId),
          provider: 'stub',
          model: 'stub-model',
          usage_estimated: false,
          cost_micros: 1_234,
        },
      });
    });

    it('tells who really answered', async () => {
      const origin = { provider: 'spare', model: 'spare-model' };
      app.bus.acceptRuns({}, play(...texts('Hi.'), { ...COMPLETED, origin }));
      const completion = await client.chat.completions.create({ model: 'default', messages: MESSAGES });
      expect(completion).toMatchObject({ model: 'stub-model', parley: origin });
    });

    it('puts the fragments of a tool call together', async () => {
      app.bus.acceptRuns({}, play(...TOOL_CALL));
      const { choices } = await client.chat.completions.create({ model: 'default', messages: MESSAGES });
      expect(choices[0]).toMatchObject({
        finish_reason: 'tool_calls',
        message: {
          content: null,
          tool_calls: [
            { id: 'call_1', type: 'function', function: { name: 'weather', arguments: '{"city":"Munich"}' } },
          ],
        },
      });
    });

    it('maps a run that failed to its status, with a code that the SDK shows', async () => {
      const error = { code: 'provider_rate_limited', message: 'Slow down.', retryAfterMs: 1_500 } as const;
      app.bus.acceptRuns({}, play(...texts('Some'), { type: 'failed', error }));
      const failure = client.chat.completions.create({ model: 'default', messages: MESSAGES });
      await expect(failure).rejects.toMatchObject({ status: 503, code: 'provider_rate_limited', type: 'server_error' });
    });

    it.each([false, true])('says when to come back when the chat service is full (stream: %s)', async (stream) => {
      app.bus.on(StartRun, () => {
        throw new DomainError('service_unavailable', 'Too many answers are being generated.', { retryAfterMs: 1_000 });
      });
      const response = await post({ stream });
      expect([response.status, response.headers.get('retry-after')]).toEqual([503, '1']);
      expect(await response.json()).toMatchObject({ error: { code: 'service_unavailable' } });
    });

    it('says stream_interrupted when the run breaks off', async () => {
      app.bus.acceptRuns({}, (run) => run.cut());
      const failure = client.chat.completions.create({ model: 'default', messages: MESSAGES });
      await expect(failure).rejects.toMatchObject({ status: 502, code: 'stream_interrupted' });
    });

    it('stops listening, and nothing more, when the client goes away', async () => {
      app.bus.acceptRuns();
      const abort = new AbortController();
      const response = post({}, { signal: abort.signal }).catch(() => null);
      await eventually(() => expect(app.bus.openStreams).toBe(1));
      abort.abort();
      await response;
      await eventually(() => expect(app.bus.openStreams).toBe(0));
      expect(app.bus.requests).toHaveLength(1);
    });
  });

  describe('as a stream', () => {
    it('is read by the official SDK, with the usage and the citations', async () => {
      app.bus.acceptRuns({}, play(...texts('A tracing ', 'JIT.'), { ...COMPLETED, annotations: [CITATION] }));
      const stream = client.chat.completions.stream({
        model: 'default',
        messages: MESSAGES,
        stream_options: { include_usage: true },
      });
      const completion = await stream.finalChatCompletion();
      expect(completion.choices[0]).toMatchObject({
        finish_reason: 'stop',
        message: { role: 'assistant', content: 'A tracing JIT.', annotations: [CITED] },
      });
      expect(completion.usage).toEqual(WIRE_USAGE);
    });

    it('tells steps of server tools in chunks that clients take for nothing', async () => {
      const step = { type: 'server_tool', callId: 'call_1', tool: 'file_search', name: 'file_search' } as const;
      const steps: RunEvent[] = [
        { ...step, state: 'started', arguments: '{"query":"JIT"}' },
        { ...step, state: 'completed' },
      ];
      app.bus.acceptRuns({}, play(...steps, ...texts('A JIT.'), COMPLETED));
      const told: unknown[] = [];
      const stream = client.chat.completions.stream({ model: 'default', messages: MESSAGES });
      stream.on('chunk', (chunk) => told.push((chunk as { parley?: { server_tool?: unknown } }).parley?.server_tool));
      expect((await stream.finalChatCompletion()).choices[0]!.message).toMatchObject({ content: 'A JIT.' });
      expect(told.filter(Boolean)).toEqual([
        { call_id: 'call_1', type: 'file_search', name: 'file_search', state: 'started', arguments: '{"query":"JIT"}' },
        { call_id: 'call_1', type: 'file_search', name: 'file_search', state: 'completed' },
      ]);
    });

    it('sends the role, the deltas, the citations on the last content delta, the reason, the usage and [DONE]', async () => {
      app.bus.acceptRuns({}, play(...texts('A', 'B'), { ...COMPLETED, annotations: [CITATION] }));
      const response = await post({ stream: true, stream_options: { include_usage: true } });
      const frames = (await response.text()).split('\n\n').filter(Boolean);
      expect(frames.at(-1)).toBe('data: [DONE]');
      const chunks = frames.slice(0, -1).map((frame) => JSON.parse(frame.replace(/^(id: \d+\n)?data: /, '')));
      expect(chunks.map(({ choices }) => choices[0]?.delta)).toEqual([
        { role: 'assistant', content: '' },
        { content: 'A' },
        { content: 'B' },
        { content: '', annotations: [CITED] },
        {},
        undefined,
      ]);
      expect(chunks.map(({ choices }) => choices[0]?.finish_reason)).toEqual([
        null,
        null,
        null,
        null,
        'stop',
        undefined,
      ]);
      expect(chunks.map(({ usage }) => usage)).toEqual([null, null, null, null, null, WIRE_USAGE]);
      const { id, created, model, object } = chunks[0];
      expect(object).toBe('chat.completion.chunk');
      for (const chunk of chunks) expect(chunk).toMatchObject({ id, created, model, object });
      expect(chunks[0]).toMatchObject({ conversation_id: 'conv_0198c0de00007000800000000000c0de' });
      const ids = frames.map((frame) => /^id: (\d+)/.exec(frame)?.[1]);
      expect(ids).toEqual([undefined, '1', '2', undefined, undefined, '3', undefined]);
    });

    it('has no word of usage unless asked', async () => {
      app.bus.acceptRuns({}, play(...texts('A'), COMPLETED));
      expect(await (await post({ stream: true })).text()).not.toContain('"usage"');
    });

    it('passes tool calls on in fragments', async () => {
      app.bus.acceptRuns({}, play(...TOOL_CALL));
      const stream = client.chat.completions.stream({ model: 'default', messages: MESSAGES });
      const { choices } = await stream.finalChatCompletion();
      expect(choices[0]!.message.tool_calls).toMatchObject([
        { id: 'call_1', type: 'function', function: { name: 'weather', arguments: '{"city":"Munich"}' } },
      ]);
    });

    it('sends the first chunk before the model has said anything, and headers that keep proxies from buffering', async () => {
      app.bus.acceptRuns();
      const response = await post({ stream: true });
      const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
      expect((await reader.read()).value).toContain('"role":"assistant"');
      expect(Object.fromEntries(response.headers)).toMatchObject({
        'content-type': 'text/event-stream; charset=utf-8',
        'cache-control': 'no-cache, no-transform',
        'x-accel-buffering': 'no',
        'x-request-id': 'req-7',
        'access-control-allow-origin': 'https://chat.example',
        'x-content-type-options': 'nosniff',
      });
      expect(response.headers.has('content-length')).toBe(false);
      app.bus.runs[0]!.send(COMPLETED);
      await reader.cancel();
    });

    it('answers with a plain error when the run cannot start', async () => {
      app.bus.on(StartRun, () => {
        throw new DomainError('model_not_found', 'The model "x" does not exist.', { param: 'model' });
      });
      const failure = client.chat.completions.create({ model: 'x', messages: MESSAGES, stream: true });
      await expect(failure).rejects.toMatchObject({ status: 404, code: 'model_not_found', param: 'model' });
      expect(app.bus.openStreams).toBe(0);
    });

    it('ends with an error event when the run fails half-way, so that the SDK throws', async () => {
      app.bus.acceptRuns(
        {},
        play(...texts('A'), { type: 'failed', error: { code: 'provider_error', message: 'Gone.' } }),
      );
      const stream = await client.chat.completions.create({ model: 'default', messages: MESSAGES, stream: true });
      const seen: unknown[] = [];
      const read = async () => {
        for await (const chunk of stream) seen.push(chunk.choices[0]?.delta.content);
      };
      await expect(read()).rejects.toMatchObject({ code: 'provider_error', type: 'server_error' });
      expect(seen).toEqual(['', 'A']);
    });

    it('never ends silently: a run that breaks off is an error event without [DONE]', async () => {
      app.bus.acceptRuns({}, (run) => {
        run.send(...texts('A'));
        run.cut();
      });
      const body = await (await post({ stream: true })).text();
      expect(body).toContain(
        'data: {"error":{"message":"The answer ended before it was complete.","type":"server_error","param":null,"code":"stream_interrupted"}}',
      );
      expect(body).not.toContain('[DONE]');
    });

    it('stops listening, and nothing more, when the client goes away', async () => {
      app.bus.acceptRuns();
      const abort = new AbortController();
      const response = await post({ stream: true }, { signal: abort.signal });
      await response.body!.getReader().read();
      expect(app.bus.openStreams).toBe(1);
      abort.abort();
      await eventually(() => expect(app.bus.openStreams).toBe(0));
      expect(app.bus.requests).toHaveLength(1);
    });
  });

  it('runs for the signed-in tenant and listens at this process', async () => {
    app.bus.acceptRuns({}, play(COMPLETED));
    await post({ conversation_id: formatId('conversation', CONVERSATION), store: false });
    expect(app.bus.requests[0]!.tenant).toBe(TENANT);
    expect(started()).toMatchObject({
      streamAddress: 'gateway.test',
      conversationId: CONVERSATION,
      store: false,
      messages: MESSAGES,
    });
  });

  it.each([
    ['messages', { messages: [] }],
    ['messages', { messages: 'hello' }],
    ['messages.0.role', { messages: [{ role: 'robot', content: 'x' }] }],
    ['messages.0.content', { messages: [{ role: 'user' }] }],
    ['messages.0.content', { messages: [{ role: 'user', content: [{ type: 'video' }] }] }],
    ['messages.0.tool_call_id', { messages: [{ role: 'tool', content: 'x' }] }],
    [
      'messages.0.tool_calls.0.function.name',
      { messages: [{ role: 'assistant', tool_calls: [{ id: 'a', type: 'function', function: {} }] }] },
    ],
    [
      'messages.0.tool_calls.0.function',
      { messages: [{ role: 'assistant', tool_calls: [{ id: 'a', type: 'function' }] }] },
    ],
    ['messages', { messages: ['hello'] }],
    ['messages', { messages: [null] }],
    ['tools', { tools: [null] }],
    ['response_format', { response_format: [] }],
    ['stream_options', { stream_options: 'usage' }],
    ['model', { model: '' }],
    ['temperature', { temperature: 3 }],
    ['top_p', { top_p: '1' }],
    ['stop', { stop: ['a', 'b', 'c', 'd', 'e'] }],
    ['max_completion_tokens', { max_completion_tokens: 0 }],
    ['response_format.json_schema', { response_format: { type: 'json_schema' } }],
    ['metadata', { metadata: { key: 'v'.repeat(513) } }],
    ['stream', { stream: 'yes' }],
    ['tools.0.vector_store_ids', { tools: [{ type: 'file_search' }] }],
    ['tools.0.max_num_results', { tools: [{ type: 'file_search', vector_store_ids: ['vs_x'], max_num_results: 51 }] }],
    ['tools.0.function', { tools: [{ type: 'function' }] }],
    ['tool_choice', { tool_choice: 'maybe' }],
  ])('refuses a bad %s and names it', async (param, body) => {
    const response = await post(body);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({
      error: { type: 'invalid_request_error', code: 'invalid_request', param },
    });
    expect(app.bus.requests).toEqual([]);
  });

  it.each(['[]', 'null', '"text"', '{', ''])('refuses the body %j', async (body) => {
    const response = await post({}, { body });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { code: 'invalid_request' } });
  });

  it.each([
    ['n', { n: 2 }],
    ['logprobs', { logprobs: true }],
    ['top_logprobs', { top_logprobs: 3 }],
    ['logit_bias', { logit_bias: { 50256: -100 } }],
    ['modalities', { modalities: ['text', 'audio'] }],
    ['audio', { audio: { voice: 'alloy', format: 'wav' } }],
    ['functions', { functions: [{ name: 'f' }] }],
    ['web_search_options', { web_search_options: {} }],
    ['tools.0.type', { tools: [{ type: 'custom', custom: { name: 'x' } }] }],
    ['messages.0.function_call', { messages: [{ role: 'assistant', content: 'x', function_call: { name: 'f' } }] }],
  ])('refuses %s, which would change the answer', async (param, body) => {
    const response = await post(body);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { code: 'unsupported_parameter', param } });
  });

  it('ignores what does not change the answer, and neutral values of what is not supported', async () => {
    app.bus.acceptRuns({}, play(COMPLETED));
    const response = await post({
      n: 1,
      logprobs: false,
      logit_bias: {},
      modalities: ['text'],
      audio: null,
      functions: null,
      user: 'u-1',
      service_tier: 'auto',
      prompt_cache_key: 'k',
      verbosity: 'low',
      prediction: { type: 'content', content: 'x' },
      never_heard_of: true,
    });
    expect(response.status).toBe(200);
  });
});
