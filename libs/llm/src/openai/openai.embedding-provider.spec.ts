import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type EmbeddingBatch } from '../embedding-provider.js';
import { collect } from '../fixtures/collect.fixture.js';
import { eventually } from '../fixtures/eventually.fixture.js';
import { failure, OpenAiStub, type StubReply } from '../fixtures/openai-stub.fixture.js';
import { type LlmObserver } from '../llm-observer.js';
import { type LlmOptions, resolveLlmOptions } from '../llm-options.js';
import { OpenAiEmbeddingProvider } from './openai.embedding-provider.js';

let stub: OpenAiStub;
beforeAll(async () => {
  stub = await OpenAiStub.start();
});
afterAll(() => stub.stop());

let accounts = 0;

/** A key of its own each, because providers of one account share its rate limit. */
function provider(options: Partial<LlmOptions> = {}, observer?: LlmObserver): OpenAiEmbeddingProvider {
  const settings = { openaiApiKey: `key-${accounts++}`, openaiBaseUrl: stub.baseUrl, model: 'none' };
  const all = { ...settings, embeddingModel: 'stub-embedding', retryDelayMs: 5, ...options };
  return new OpenAiEmbeddingProvider(resolveLlmOptions(all), observer);
}

/** A vector that tells its text: (length of the text, 1, 0, …). */
function vectorOf(text: string, dimensions: number): number[] {
  return [text.length, 1, ...Array.from({ length: dimensions - 2 }, () => 0)];
}

function embeddings({ dimensions = 4, encode = (vector: number[]): unknown => vector, usage = true } = {}): StubReply {
  return (response, { body }) => {
    const input = body.input as string[];
    const data = input.map((text, index) => ({
      object: 'embedding',
      index,
      embedding: encode(vectorOf(text, dimensions)),
    }));
    const counted = usage ? { usage: { prompt_tokens: input.length * 10, total_tokens: input.length * 10 } } : {};
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ object: 'list', data: data.reverse(), model: 'stub-embedding', ...counted }));
  };
}

const base64 = (vector: number[]): string => Buffer.from(Float32Array.from(vector).buffer).toString('base64');

describe('embed', () => {
  it('gives vectors of length 1 in the order of the texts, and the tokens the provider counted', async () => {
    stub.reply(embeddings());

    const { vectors, promptTokens } = await provider().embed(['abc', 'abcdefg']);

    expect(promptTokens).toBe(20);
    expect(vectors.map((vector) => vector[0]! / vector[1]!)).toEqual([expect.closeTo(3, 4), expect.closeTo(7, 4)]);
    for (const vector of vectors) expect(Math.hypot(...vector)).toBeCloseTo(1, 6);
  });

  it('reads base64 as well as numbers, and numbers sent in spite of base64', async () => {
    const chat = provider({ embeddingEncoding: 'base64' });
    stub.reply(embeddings({ encode: base64 }), embeddings());

    const encoded = await chat.embed(['some text']);
    const plain = await chat.embed(['some text']);

    expect(stub.last.body).toMatchObject({ encoding_format: 'base64' });
    expect(encoded.vectors).toEqual(plain.vectors);
  });

  it('counts tokens itself when the provider does not', async () => {
    stub.reply(embeddings({ usage: false }));

    expect((await provider().embed(['hello world'])).promptTokens).toBe(2);
  });

  it('asks for nothing when there is nothing to embed', async () => {
    stub.reply(embeddings());

    expect(await provider().embed([])).toEqual({ vectors: [], promptTokens: 0 });
    expect(stub.requests).toHaveLength(0);
  });

  it.each([
    ['a blank text', ['fine', ' \n'], 'invalid_request'],
    ['a text that is too long', ['fine', 'word '.repeat(9_000)], 'context_length_exceeded'],
  ])('refuses %s before anything is sent, naming it', async (_, texts, code) => {
    stub.reply(embeddings());

    await expect(provider().embed(texts)).rejects.toMatchObject({ code, param: 'input[1]' });
    expect(stub.requests).toHaveLength(0);
  });
});

describe('batches', () => {
  it('have at most 256 texts', async () => {
    stub.reply(embeddings());

    const batches = await collect(provider().embedBatches(Array.from({ length: 600 }, (_, index) => `text ${index}`)));

    expect(stub.requests.map(({ body }) => (body.input as string[]).length)).toEqual([256, 256, 88]);
    expect(batches.map(({ offset, vectors }) => [offset, vectors.length])).toEqual([
      [0, 256],
      [256, 256],
      [512, 88],
    ]);
  });

  it('have at most 200,000 tokens', async () => {
    stub.reply(embeddings());
    const longText = 'word '.repeat(8_000);

    await collect(provider().embedBatches(Array.from({ length: 30 }, () => longText)));

    expect(stub.requests.map(({ body }) => (body.input as string[]).length)).toEqual([24, 6]);
  });

  it('that succeeded are kept when a later one fails, and the work goes on from there', async () => {
    const texts = Array.from({ length: 600 }, (_, index) => `text ${index}`);
    const embedding = provider({ maxRetries: 0 });
    const done: EmbeddingBatch[] = [];
    const embedFrom = async (start: number): Promise<void> => {
      for await (const batch of embedding.embedBatches(texts.slice(start))) done.push(batch);
    };
    stub.reply(embeddings(), failure(500, {}), embeddings());

    await expect(embedFrom(0)).rejects.toMatchObject({ code: 'provider_error' });
    await embedFrom(done[0]!.offset + done[0]!.vectors.length);

    expect(done.flatMap(({ vectors }) => vectors)).toHaveLength(600);
    expect(stub.requests.map(({ body }) => (body.input as string[])[0])).toEqual([
      'text 0',
      'text 256',
      'text 256',
      'text 512',
    ]);
  });
});

describe('dimensions', () => {
  it('are asked of the endpoint once when nothing tells them', async () => {
    const embedding = provider();
    stub.reply(embeddings({ dimensions: 6 }));

    expect([await embedding.dimensions(), await embedding.dimensions()]).toEqual([6, 6]);
    expect(stub.requests).toHaveLength(1);
  });

  it('of known models need no request, configured ones win', async () => {
    stub.reply(embeddings());

    expect(await provider({ embeddingModel: 'text-embedding-3-large' }).dimensions()).toBe(3_072);
    expect(await provider({ embeddingModel: 'text-embedding-3-large', embeddingDimensions: 256 }).dimensions()).toBe(
      256,
    );
    expect(stub.requests).toHaveLength(0);
  });

  it('are asked for where the model can shorten its vectors, and only there', async () => {
    stub.reply(embeddings());

    await provider({ embeddingModel: 'text-embedding-3-small', embeddingDimensions: 4 }).embed(['a']);
    expect(stub.last.body).toMatchObject({ dimensions: 4 });
    await provider({ embeddingModel: 'stub-embedding', embeddingDimensions: 4 }).embed(['a']);
    expect(stub.last.body).not.toHaveProperty('dimensions');
  });

  it('that are not the expected ones are an error', async () => {
    stub.reply(embeddings({ dimensions: 5 }));

    await expect(provider({ embeddingDimensions: 4 }).embed(['a'])).rejects.toMatchObject({
      code: 'provider_error',
      message: expect.stringContaining('5 dimensions instead of 4'),
    });
  });
});

describe('failures', () => {
  it('are retried when the provider says later', async () => {
    stub.reply(failure(429, {}, { 'retry-after-ms': '30' }), failure(503, {}), embeddings());

    expect((await provider().embed(['a'])).vectors).toHaveLength(1);
    expect(stub.requests).toHaveLength(3);
  });

  it('are retried a bounded number of times', async () => {
    stub.reply(failure(429, {}, { 'retry-after-ms': '1' }));

    await expect(provider({ maxRetries: 3 }).embed(['a'])).rejects.toMatchObject({ code: 'provider_rate_limited' });
    expect(stub.requests).toHaveLength(4);
  });

  it('of the rate limit hold back every provider of the same account', async () => {
    const account = { openaiApiKey: 'one account', maxRetries: 0 };
    stub.reply(failure(429, {}, { 'retry-after-ms': '120' }), embeddings());

    await expect(provider(account).embed(['a'])).rejects.toMatchObject({ code: 'provider_rate_limited' });
    const startedAt = performance.now();
    await provider(account).embed(['b']);

    expect(performance.now() - startedAt).toBeGreaterThan(80);
  });

  it('include fewer vectors than texts, and vectors of zeros', async () => {
    const reply =
      (data: unknown[]): StubReply =>
      (response) =>
        void response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ data }));

    stub.reply(reply([]));
    await expect(provider().embed(['a'])).rejects.toMatchObject({ code: 'provider_error' });
    stub.reply(reply([{ index: 0, embedding: [0, 0, 0] }]));
    await expect(provider().embed(['a'])).rejects.toMatchObject({ code: 'provider_error' });
  });

  it('include no answer in time', async () => {
    stub.reply(() => undefined);

    await expect(provider({ embeddingTimeoutMs: 50 }).embed(['a'])).rejects.toMatchObject({ code: 'timeout' });
    await eventually(() => expect(stub.last.closedEarly).toBe(true));
  });

  it('are not what an abort is', async () => {
    stub.reply(() => undefined);
    const outcomes: string[] = [];
    const controller = new AbortController();
    const embedding = provider({}, { finished: ({ outcome }) => outcomes.push(outcome) });
    const working = embedding.embed(['a'], { signal: controller.signal });
    await eventually(() => expect(stub.requests).toHaveLength(1));

    controller.abort();

    await expect(working).rejects.toMatchObject({ name: 'AbortError' });
    await eventually(() => expect(stub.last.closedEarly).toBe(true));
    expect(outcomes).toEqual(['cancelled']);
  });
});
