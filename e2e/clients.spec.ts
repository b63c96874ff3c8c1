import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually, type ProviderStub, type RecordedRequest, type Reply, startProviderStub } from '@parley/testing';
import OpenAI, { InternalServerError, toFile } from 'openai';
import { type RunnableToolFunctionWithParse } from 'openai/lib/RunnableFunction';
import { ApiClient } from './support/api-client.js';
import { startEmbeddedSuite, type Suite } from './support/suite.js';

type Messages = OpenAI.ChatCompletionMessageParam[];
interface Extras {
  conversation_id?: string;
}

/** More than the gateway waits before its first heartbeat. */
const SILENCE_MS = 11_500;
const SILENT = 'Think about it for long.';
const WEATHER = { type: 'function', function: { name: 'weather', parameters: { type: 'object' } } } as const;

let stub: ProviderStub;
let suite: Suite;
let client: OpenAI;
let api: ApiClient;
/** Begun at once, because it takes its time. */
let silentStream: Promise<{ headers: Headers; text: string }>;

const messagesOf = ({ body }: RecordedRequest) => body['messages'] as { role: string; content: unknown }[];
const lastOf = (request: RecordedRequest) => messagesOf(request).at(-1)!;
const ask = (content: string): Messages => [{ role: 'user', content }];

/** Thinks when it is told to, calls the function it was given, and otherwise says what it heard. */
function reply(request: RecordedRequest): Reply {
  const { role, content } = lastOf(request);
  if (content === SILENT) return { tokens: ['Done.'], firstTokenDelayMs: SILENCE_MS };
  if (request.body['tools'] && role === 'user')
    return { tokens: [], toolCalls: [{ id: 'call_1', name: 'weather', arguments: '{"place":"Oslo"}' }] };
  return role === 'tool' ? `It is ${String(content)}.` : `You said: ${String(content)}`;
}

const bearer = () => ({ authorization: `Bearer ${suite.apiKey}`, 'content-type': 'application/json' });

async function streamInSilence() {
  const response = await fetch(`${suite.baseUrl}/v1/chat/completions`, {
    method: 'POST',
    headers: { ...bearer(), 'accept-encoding': 'gzip, br' },
    body: JSON.stringify({ model: 'default', stream: true, messages: ask(SILENT) }),
  });
  return { headers: response.headers, text: await response.text() };
}

beforeAll(async () => {
  stub = await startProviderStub({ answer: reply });
  suite = await startEmbeddedSuite({ OPENAI_BASE_URL: stub.baseUrl, OPENAI_API_KEY: stub.apiKey });
  client = new OpenAI({ baseURL: `${suite.baseUrl}/v1`, apiKey: suite.apiKey, maxRetries: 0 });
  api = new ApiClient(suite.baseUrl, suite.apiKey);
  silentStream = streamInSilence();
  silentStream.catch(() => undefined);
});
afterAll(async () => {
  await suite?.stop();
  await stub?.close();
});

const lastChat = () => stub.requests.findLast(({ route }) => route === 'chat')!;

describe('A completion', () => {
  it('comes whole, with a request id and usage that adds up', async () => {
    const completion = await client.chat.completions.create({ model: 'default', messages: ask('Hello') });
    expect(completion).toMatchObject({
      object: 'chat.completion',
      choices: [
        { index: 0, finish_reason: 'stop', message: { role: 'assistant', content: 'You said: Hello', refusal: null } },
      ],
    });
    expect(completion.id).toMatch(/^chatcmpl-[0-9a-f]{32}$/);
    expect(completion._request_id).toMatch(/\S/);
    expect(Math.abs(completion.created - Date.now() / 1_000)).toBeLessThan(30);
    const { prompt_tokens: prompt, completion_tokens: written, total_tokens: total } = completion.usage!;
    expect([prompt, written]).toEqual([1, 3]);
    expect(total).toBe(prompt + written);
  });

  it('can be put together by the streaming helper, chunk by chunk as OpenAI orders them', async () => {
    const helper = client.chat.completions.stream({
      model: 'default',
      messages: ask('one two three'),
      stream_options: { include_usage: true },
    });
    const chunks: OpenAI.ChatCompletionChunk[] = [];
    helper.on('chunk', (chunk) => chunks.push(chunk));
    const completion = await helper.finalChatCompletion();
    expect(completion.choices[0]!.message.content).toBe('You said: one two three');
    expect(completion.usage).toMatchObject({ prompt_tokens: 3, completion_tokens: 5, total_tokens: 8 });
    expect(chunks[0]!.choices[0]!.delta).toEqual({ role: 'assistant', content: '' });
    expect(chunks.at(-2)!.choices[0]).toMatchObject({ delta: {}, finish_reason: 'stop' });
    expect(chunks.at(-1)!.choices).toEqual([]);
    expect(chunks.slice(0, -1).every(({ usage }) => usage === null)).toBe(true);
    for (const field of ['id', 'created', 'model', 'object'] as const)
      expect(new Set(chunks.map((chunk) => chunk[field])).size).toBe(1);
  });

  it('carries sampling, stop sequences and a JSON schema to the model as they are', async () => {
    const schema = { name: 'weather', strict: true, schema: { type: 'object', properties: { c: { type: 'number' } } } };
    const request = {
      temperature: 0.2,
      top_p: 0.9,
      seed: 7,
      stop: ['END'],
      presence_penalty: 0.5,
      frequency_penalty: -0.5,
      response_format: { type: 'json_schema' as const, json_schema: schema },
    };
    await client.chat.completions.create({
      ...request,
      model: 'default',
      messages: ask('x'),
      max_completion_tokens: 99,
    });
    expect(lastChat().body).toMatchObject(request);
    expect(lastChat().body['max_completion_tokens'] ?? lastChat().body['max_tokens']).toBe(99);
  });

  it('is cut at the limit and says so', async () => {
    const messages = ask('a b c d');
    const { choices } = await client.chat.completions.create({ model: 'default', messages, max_tokens: 2 });
    expect(choices[0]).toMatchObject({ finish_reason: 'length', message: { content: 'You said:' } });
  });

  it('goes on and is kept when its reader leaves', async () => {
    stub.answer = { tokens: ['never', ' mind', ' me'], intervalMs: 150 };
    const stream = await client.chat.completions.create({ model: 'default', messages: ask('Bye'), stream: true });
    let conversationId = '';
    for await (const chunk of stream as AsyncIterable<OpenAI.ChatCompletionChunk & Extras>) {
      conversationId = chunk.conversation_id!;
      break;
    }
    stub.answer = reply;
    await eventually(async () => {
      const { json } = await api.call('GET', `/api/v1/conversations/${conversationId}/messages?order=asc`);
      expect(json!['data']).toMatchObject([{ content: 'Bye' }, { content: 'never mind me' }]);
    });
  });

  it('that the provider refuses is an error of the SDK, whole and streamed', async () => {
    const body = { model: 'default', messages: ask('x') };
    for (const stream of [false, true]) {
      stub.failNext({ kind: 'status', status: 401 });
      await expect(client.chat.completions.create({ ...body, stream })).rejects.toBeInstanceOf(InternalServerError);
    }
  });
});

describe('A function', () => {
  it('is called by the model and answered by the client, streamed and whole', async () => {
    const messages = ask('How is the weather in Oslo?');
    const tool: RunnableToolFunctionWithParse<{ place: string }> = {
      ...WEATHER,
      function: {
        ...WEATHER.function,
        description: 'The weather of a place',
        parse: (json) => JSON.parse(json) as { place: string },
        function: ({ place }) => `dry in ${place}`,
      },
    };
    const runner = client.chat.completions.runTools({ model: 'default', messages, stream: true, tools: [tool] });
    expect(await runner.finalContent()).toBe('It is dry in Oslo.');
    expect(lastChat().body['tools']).toMatchObject([WEATHER]);
    expect(messagesOf(lastChat()).slice(-3)).toMatchObject([
      { role: 'user' },
      {
        role: 'assistant',
        tool_calls: [{ id: 'call_1', function: { name: 'weather', arguments: '{"place":"Oslo"}' } }],
      },
      { role: 'tool', tool_call_id: 'call_1', content: 'dry in Oslo' },
    ]);
    const { choices } = await client.chat.completions.create({ model: 'default', messages, tools: [WEATHER] });
    expect(choices[0]).toMatchObject({ finish_reason: 'tool_calls', message: { content: null } });
  });
});

describe('A conversation', () => {
  it('is one, and goes on, for a client that sends its whole history every time', async () => {
    const messages: Messages = [{ role: 'system', content: 'Be brief.' }];
    const conversations = new Set<string>();
    for (const content of ['My name is Ada.', 'I live in Oslo.', 'Who am I?']) {
      messages.push({ role: 'user', content });
      const completion = await client.chat.completions.create({ model: 'default', messages });
      conversations.add((completion as Extras).conversation_id!);
      messages.push(completion.choices[0]!.message);
    }
    expect(conversations.size).toBe(1);
    const [id] = conversations;
    const { json } = await api.call('GET', `/api/v1/conversations/${id}/messages?order=asc&limit=50`);
    const roles = (json!['data'] as { role: string }[]).map(({ role }) => role);
    expect(roles.filter((role) => role !== 'system')).toEqual([
      'user',
      'assistant',
      'user',
      'assistant',
      'user',
      'assistant',
    ]);
  });

  it('keeps nothing of what is not to be stored', async () => {
    const before = (await api.call('GET', '/api/v1/conversations')).text;
    const body = { model: 'default', messages: ask('Off the record'), store: false };
    const completion = await client.chat.completions.create(body);
    expect((completion as Extras).conversation_id).toBeNull();
    expect((await api.call('GET', '/api/v1/conversations')).text).toBe(before);
  });
});

describe('Embeddings', () => {
  const embed = async (fields: object) => {
    const { data, usage } = await client.embeddings.create({ model: 'default', input: 'Hello there', ...fields });
    expect(usage.total_tokens).toBe(usage.prompt_tokens);
    return data.map(({ embedding }) => Array.from(embedding, (value) => Math.fround(value)));
  };

  it('are the same in base64, which the SDK asks for, and as numbers', async () => {
    const [inBase64] = await embed({});
    expect(stub.requests.findLast(({ route }) => route === 'embeddings')).toBeDefined();
    expect(inBase64).toHaveLength(1536);
    expect(await embed({ encoding_format: 'float' })).toEqual([inBase64]);
  });

  it('are made of texts and of tokens, one or many', async () => {
    expect(await embed({ input: ['a', 'b', 'c'] })).toHaveLength(3);
    const [whole] = await embed({ input: [9906, 1070] });
    expect(await embed({ input: [[9906, 1070], [9906]] })).toEqual([whole, expect.any(Array)]);
  });
});

describe('Files and vector stores', () => {
  const file = (name: string, text: string) => toFile(Buffer.from(text), name);

  it('are uploaded, indexed, searched by attributes, read and removed', async () => {
    const store = await client.vectorStores.create({ name: 'reports', metadata: { owner: 'ada' } });
    const years = [2023, 2024];
    const ids = [];
    for (const year of years) {
      const upload = await file(`report-${year}.md`, `# Report\n\nThe turbine ran for ${year} hours.`);
      const attached = await client.vectorStores.files.uploadAndPoll(store.id, upload, { pollIntervalMs: 100 });
      expect(attached).toMatchObject({ object: 'vector_store.file', status: 'completed', last_error: null });
      await client.vectorStores.files.update(attached.id, {
        vector_store_id: store.id,
        attributes: { year, final: true },
      });
      ids.push(attached.id);
    }
    const query = 'For how long did the turbine run?';
    const search = async (filters: OpenAI.ComparisonFilter | OpenAI.CompoundFilter) =>
      (await client.vectorStores.search(store.id, { query, filters })).data.map(({ file_id }) => file_id).sort();
    expect(await search({ type: 'gte', key: 'year', value: 2023 })).toEqual([...ids].sort());
    expect(await search({ type: 'eq', key: 'year', value: 2024 })).toEqual([ids[1]]);
    const both: OpenAI.ComparisonFilter[] = [
      { type: 'eq', key: 'final', value: true },
      { type: 'lt', key: 'year', value: 2024 },
    ];
    expect(await search({ type: 'and', filters: both })).toEqual([ids[0]]);
    expect(await search({ type: 'eq', key: 'final', value: false })).toEqual([]);
    const parsed = await client.vectorStores.files.content(ids[0]!, { vector_store_id: store.id });
    expect(parsed.data.map(({ text }) => text).join('')).toContain('2023 hours');
    expect(await (await client.files.content(ids[0]!)).text()).toContain('# Report');
    expect(await client.vectorStores.files.delete(ids[0]!, { vector_store_id: store.id })).toMatchObject({
      deleted: true,
    });
    expect(await search({ type: 'gte', key: 'year', value: 2023 })).toEqual([ids[1]]);
    expect(await client.vectorStores.update(store.id, { name: 'final reports' })).toMatchObject({
      name: 'final reports',
    });
    expect(await client.vectorStores.delete(store.id)).toEqual({
      id: store.id,
      object: 'vector_store.deleted',
      deleted: true,
    });
  });

  it('are listed page by page, each once', async () => {
    const made = [];
    for (const name of ['a', 'b', 'c', 'd', 'e']) made.push((await client.vectorStores.create({ name })).id);
    const seen = [];
    for await (const { id } of client.vectorStores.list({ limit: 2, order: 'asc' })) seen.push(id);
    expect(seen).toEqual(made);
    const newest = await client.vectorStores.list({ limit: 1 });
    expect([newest.data[0]!.id, newest.hasNextPage()]).toEqual([made[4], true]);
  });
});

describe('Models', () => {
  it('are those of the provider and every assistant, which can be asked by its id', async () => {
    const assistant = {
      name: 'Pirate',
      instructions: 'Speak like a pirate.',
      temperature: 0.1,
      metadata: { sea: 'north' },
    };
    const id = await api.id('POST', '/api/v1/assistants', { body: assistant });
    const ids = [];
    for await (const model of client.models.list()) ids.push(model.id);
    expect(ids).toContain(id);
    expect(await client.models.retrieve(id)).toMatchObject({ id, object: 'model', created: expect.any(Number) });
    const { model } = await client.chat.completions.create({ model: id, messages: ask('Ahoy') });
    expect(model).toMatch(/\S/);
    expect(lastChat().body['temperature']).toBe(0.1);
    expect(messagesOf(lastChat())[0]!.content).toContain('Speak like a pirate.');
  });
});

describe('An event stream', () => {
  it('has headers that no proxy buffers, no compression, and comments while the model is silent', async () => {
    const { headers, text } = await silentStream;
    expect(headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    expect(headers.get('cache-control')).toBe('no-cache, no-transform');
    expect(headers.get('x-accel-buffering')).toBe('no');
    for (const absent of ['content-encoding', 'content-length']) expect(headers.get(absent)).toBeNull();
    expect(headers.get('x-request-id')).toMatch(/\S/);
    const events = text.trimEnd().split('\n\n');
    expect(events.filter((event) => event.startsWith(':')).length).toBeGreaterThan(0);
    for (const event of events) expect(event).toMatch(/^(: ping|(id: \d+\n)?data: ({.*}|\[DONE]))$/s);
    expect(events.at(-1)).toBe('data: [DONE]');
  });
});
