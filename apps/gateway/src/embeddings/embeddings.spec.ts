import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { EmbedTexts, GetEmbeddingModel } from '@parley/contracts';
import OpenAI from 'openai';
import { createRoutesApp, type RoutesApp } from '../fixtures/routes.fixture.js';

const VECTOR = [0.5, -1, 0.25];
const BASE64 = Buffer.from(Float32Array.from(VECTOR).buffer).toString('base64');

describe('POST /v1/embeddings', () => {
  let app: RoutesApp;
  let client: OpenAI;

  beforeAll(async () => {
    app = await createRoutesApp();
    client = new OpenAI({ apiKey: 'pk_test', baseURL: `${app.url}/v1`, maxRetries: 0 });
  });
  afterAll(() => app.close());
  beforeEach(() => {
    app.bus.reset();
    app.bus
      .on(GetEmbeddingModel, () => ({ model: 'embed-1' }))
      .on(EmbedTexts, ({ texts, tokens }) => {
        const count = tokens?.length ?? texts.length;
        return { model: 'embed-1', vectors: Array.from({ length: count }, () => BASE64), promptTokens: count * 2 };
      });
  });

  const post = (body: object) =>
    fetch(`${app.url}/v1/embeddings`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'embed-1', ...body }),
    });

  it('answers the SDK, which asks for base64 and hands out numbers', async () => {
    const { data, model, usage } = await client.embeddings.create({ model: 'embed-1', input: 'hello' });
    expect(data.map(({ index, embedding }) => [index, Array.from(embedding)])).toEqual([[0, VECTOR]]);
    expect({ model, usage }).toEqual({ model: 'embed-1', usage: { prompt_tokens: 2, total_tokens: 2 } });
  });

  it('sends numbers unless asked for base64', async () => {
    const plain = (await (await post({ input: 'hello' })).json()) as { data: { embedding: unknown }[] };
    expect(plain.data[0]!.embedding).toEqual(VECTOR);
    const encoded = (await (await post({ input: 'hello', encoding_format: 'base64' })).json()) as typeof plain;
    expect(encoded.data[0]!.embedding).toBe(BASE64);
  });

  it.each([
    ['one text', 'a', { texts: ['a'] }],
    ['several texts', ['a', 'b'], { texts: ['a', 'b'] }],
    ['one list of tokens', [1, 2, 3], { texts: [], tokens: [[1, 2, 3]] }],
    ['several lists of tokens', [[1], [2, 3]], { texts: [], tokens: [[1], [2, 3]] }],
  ])('takes %s', async (_what, input, asked) => {
    expect((await post({ input, dimensions: 3 })).status).toBe(200);
    expect(app.bus.asked(EmbedTexts)).toEqual([{ ...asked, dimensions: 3 }]);
  });

  it('asks for many inputs in parts and keeps their order', async () => {
    const input = Array.from({ length: 600 }, (_, index) => `text ${index}`);
    const { data, usage } = await client.embeddings.create({ model: 'default', input });
    expect(data.map(({ index }) => index)).toEqual(input.map((_, index) => index));
    expect(usage.prompt_tokens).toBe(1_200);
    expect(app.bus.asked(EmbedTexts).flatMap(({ texts }) => texts)).toEqual(input);
  });

  it('knows no other model', async () => {
    const failure = client.embeddings.create({ model: 'text-embedding-9', input: 'x' });
    await expect(failure).rejects.toMatchObject({ status: 404, code: 'model_not_found', param: 'model' });
  });

  it.each([
    ['input', { input: '' }],
    ['input', { input: [] }],
    ['input', { input: ['a', ''] }],
    ['input', { input: ['a', 1] }],
    ['input', { input: [1.5] }],
    ['input', { input: [-1] }],
    ['input', { input: [[]] }],
    ['input', { input: Array.from({ length: 2049 }, () => 'a') }],
    ['input', { input: Array.from({ length: 8193 }, () => 1) }],
    ['dimensions', { input: 'a', dimensions: 0 }],
    ['encoding_format', { input: 'a', encoding_format: 'hex' }],
  ])('refuses a bad %s', async (param, body) => {
    const response = await post(body);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { code: 'invalid_request', param } });
  });
});
