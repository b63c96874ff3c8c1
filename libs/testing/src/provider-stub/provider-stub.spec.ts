import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import OpenAI, {
  APIConnectionError,
  AuthenticationError,
  InternalServerError,
  NotFoundError,
  RateLimitError,
} from 'openai';
import { eventually } from '../eventually.js';
import { startProviderStub, type ProviderStub } from './provider-stub.js';

describe('the provider stub, through the official client', () => {
  let stub: ProviderStub;
  let client: OpenAI;

  beforeEach(async () => {
    stub = await startProviderStub();
    client = new OpenAI({ baseURL: stub.baseUrl, apiKey: stub.apiKey, maxRetries: 0, timeout: 2_000 });
  });
  afterEach(() => stub.close());

  const question = (content: string) => ({ model: 'any', messages: [{ role: 'user' as const, content }] });
  const streamed = (options: object = {}) =>
    client.chat.completions.create({ ...question('one two three'), stream: true, ...options });

  async function tokensOf(stream: AsyncIterable<OpenAI.ChatCompletionChunk>, into: string[] = []): Promise<string[]> {
    for await (const chunk of stream) {
      const token = chunk.choices[0]?.delta.content;
      if (token) into.push(token);
    }
    return into;
  }

  it('answers with one completion and counts its tokens', async () => {
    const completion = await client.chat.completions.create(question('hello there'));
    expect(completion.choices[0]).toMatchObject({
      finish_reason: 'stop',
      message: { content: 'You said: hello there' },
    });
    expect(completion.usage).toEqual({ prompt_tokens: 2, completion_tokens: 4, total_tokens: 6 });
  });

  it('streams the same answer token by token', async () => {
    expect(await tokensOf(await streamed())).toEqual(['You', ' said:', ' one', ' two', ' three']);
  });

  it('sends usage in a last chunk without choices, only when asked for it', async () => {
    const chunks: OpenAI.ChatCompletionChunk[] = [];
    for await (const chunk of await streamed({ stream_options: { include_usage: true } })) chunks.push(chunk);
    expect(chunks.at(-1)).toMatchObject({ choices: [], usage: { prompt_tokens: 3, completion_tokens: 5 } });
    expect(chunks.at(-2)).toMatchObject({ choices: [{ finish_reason: 'stop' }], usage: null });
    for await (const chunk of await streamed()) expect(chunk).not.toHaveProperty('usage');
  });

  it('cuts the answer at the token limit and says so', async () => {
    const completion = await client.chat.completions.create({ ...question('a b c'), max_tokens: 2 });
    expect(completion.choices[0]).toMatchObject({ finish_reason: 'length', message: { content: 'You said:' } });
  });

  it('wants functions to be called, in one piece or in fragments', async () => {
    const call = { id: 'call_1', name: 'weather', arguments: '{"place":"Oslo"}' };
    stub.answer = { tokens: [], toolCalls: [call] };
    const expected = [{ id: 'call_1', type: 'function', function: { name: 'weather', arguments: call.arguments } }];
    const completion = await client.chat.completions.create(question('how is it?'));
    expect(completion.choices[0]).toMatchObject({ finish_reason: 'tool_calls', message: { tool_calls: expected } });
    const streamedCompletion = await client.chat.completions.stream(question('how is it?')).finalChatCompletion();
    expect(streamedCompletion.choices[0]).toMatchObject({
      finish_reason: 'tool_calls',
      message: { tool_calls: expected },
    });
  });

  it('answers what the spec scripts, per request', async () => {
    stub.answer = ({ body }) => (body['stream'] ? ['to', 'kens'] : 'plain');
    expect(await tokensOf(await streamed())).toEqual(['to', 'kens']);
    const completion = await client.chat.completions.create(question('?'));
    expect(completion.choices[0]!.message.content).toBe('plain');
  });

  it('keeps the scripted pace', async () => {
    stub.answer = { tokens: ['a', 'b', 'c'], firstTokenDelayMs: 60, intervalMs: 30 };
    const startedAt = performance.now();
    await tokensOf(await streamed());
    expect(performance.now() - startedAt).toBeGreaterThan(115);
  });

  it('records what it was sent and notices a client that leaves', async () => {
    stub.answer = { tokens: ['a', 'b'], intervalMs: 60_000 };
    const controller = new AbortController();
    const stream = await client.chat.completions.create(
      { ...question('hi'), stream: true },
      { signal: controller.signal, headers: { 'x-request-id': 'r1' } },
    );
    for await (const _ of stream) controller.abort();
    await eventually(() => expect(stub.requests[0]!.aborted).toBe(true));
    expect(stub.requests).toMatchObject([
      {
        route: 'chat',
        path: '/v1/chat/completions',
        body: { model: 'any' },
        headers: { 'x-request-id': 'r1' },
        tokensSent: 1,
      },
    ]);
  });

  it('fails the next requests as told and then works again', async () => {
    stub.failNext({ kind: 'status', status: 429, retryAfterSeconds: 7 });
    stub.failNext({ kind: 'status', status: 500 });
    const refused = await client.chat.completions.create(question('?')).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(RateLimitError);
    expect((refused as RateLimitError).headers!.get('retry-after')).toBe('7');
    await expect(client.chat.completions.create(question('?'))).rejects.toBeInstanceOf(InternalServerError);
    await expect(client.chat.completions.create(question('?'))).resolves.toBeDefined();
  });

  it('cuts the connection in the middle of a stream', async () => {
    stub.failNext({ kind: 'cut-mid-stream', afterTokens: 2 });
    const tokens: string[] = [];
    await expect(streamed().then((stream) => tokensOf(stream, tokens))).rejects.toThrow();
    expect(tokens).toEqual(['You', ' said:']);
  });

  it('hangs in the middle of a stream until it is closed', async () => {
    stub.failNext({ kind: 'hang-mid-stream', afterTokens: 1 });
    const tokens: string[] = [];
    const outcome = expect(streamed().then((stream) => tokensOf(stream, tokens))).rejects.toThrow();
    await eventually(() => expect(tokens).toEqual(['You']));
    expect(stub.requests[0]!.aborted).toBe(false);
    await stub.close();
    await outcome;
    stub = await startProviderStub();
  });

  it('hangs before the headers', async () => {
    stub.failNext({ kind: 'hang-before-headers' });
    const hanging = client.chat.completions.create(question('?'), { timeout: 100 });
    await expect(hanging).rejects.toBeInstanceOf(APIConnectionError);
  });

  it('refuses requests without a key and unknown models', async () => {
    await stub.close();
    stub = await startProviderStub({ models: ['known'] });
    const of = (apiKey: string) => new OpenAI({ baseURL: stub.baseUrl, apiKey, maxRetries: 0 });
    await expect(of(' ').models.list()).rejects.toBeInstanceOf(AuthenticationError);
    await expect(of('key').chat.completions.create(question('?'))).rejects.toBeInstanceOf(NotFoundError);
    expect((await of('key').models.list()).data.map(({ id }) => id)).toEqual(['known']);
  });

  describe('embeddings', () => {
    const embed = async (input: string | string[] | number[] | number[][], options: object = {}) =>
      (await client.embeddings.create({ model: 'any', input, ...options })).data.map(({ embedding }) => embedding);
    const dot = (a: number[], b: number[]) => a.reduce((sum, value, index) => sum + value * b[index]!, 0);

    it('are unit vectors of 1536 dimensions, or as many as asked for', async () => {
      const [vector] = await embed('some text');
      expect(vector).toHaveLength(1536);
      expect(dot(vector!, vector!)).toBeCloseTo(1, 5);
      expect((await embed('some text', { dimensions: 8 }))[0]).toHaveLength(8);
    });

    it('depend on the words alone: shared words make texts near', async () => {
      const [question, near, far] = await embed(['tracing just in time', 'Just-in-time tracing!', 'apple cake']);
      expect(dot(question!, near!)).toBeGreaterThan(0.99);
      expect(dot(question!, far!)).toBeLessThan(0.3);
    });

    it('are the same as numbers and in base64', async () => {
      const [decoded] = await embed('text');
      const [plain] = await embed('text', { encoding_format: 'float' });
      expect(decoded!.map((value) => value.toFixed(6))).toEqual(plain!.map((value) => value.toFixed(6)));
    });

    it('take one or several lists of tokens', async () => {
      expect(await embed([1, 2, 3])).toHaveLength(1);
      expect(await embed([[1, 2], [3]])).toHaveLength(2);
      await expect(embed([])).rejects.toThrow(/400/);
    });

    it('can be made to fail apart from chat', async () => {
      stub.failNext({ kind: 'status', status: 503 }, { route: 'embeddings' });
      await expect(client.chat.completions.create(question('?'))).resolves.toBeDefined();
      await expect(embed('text')).rejects.toBeInstanceOf(InternalServerError);
    });
  });
});
