import { beforeEach, describe, expect, it } from '@jest/globals';
import { type EmbeddingBatch, EmbeddingProvider, type EmbeddingResult, encodeTokens } from '@parley/llm';
import { EmbeddingsService } from './embeddings.service.js';

/** A vector of each text's length; in batches of ten. */
class FakeProvider extends EmbeddingProvider {
  readonly name = 'openai';
  readonly model = 'some-model';
  readonly state = 'closed';
  readonly lanes: string[] = [];
  texts: string[] = [];

  dimensions = () => Promise.resolve(2);

  async embed(texts: string[]): Promise<EmbeddingResult> {
    this.lanes.push('query');
    this.texts = texts;
    return { vectors: texts.map((text) => Float32Array.of(text.length, 0)), promptTokens: texts.length };
  }

  async *embedBatches(texts: string[]): AsyncGenerator<EmbeddingBatch> {
    this.lanes.push('bulk');
    for (let offset = 0; offset < texts.length; offset += 10) {
      const batch = texts.slice(offset, offset + 10);
      const vectors = batch.map((text) => Float32Array.of(text.length, 0));
      yield { offset, vectors, promptTokens: batch.length };
    }
  }
}

const vectorOf = (base64: string) => {
  const bytes = Buffer.from(base64, 'base64');
  return [...new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4)];
};
const running = () => new AbortController().signal;

describe('EmbeddingsService', () => {
  let provider: FakeProvider;
  let service: EmbeddingsService;

  beforeEach(() => {
    provider = new FakeProvider();
    service = new EmbeddingsService(provider);
  });

  it('gives each text its vector, as base64', async () => {
    const reply = await service.embed({ texts: ['a', 'abc'] }, running());
    expect(reply.vectors.map(vectorOf)).toEqual([
      [1, 0],
      [3, 0],
    ]);
    expect(reply).toMatchObject({ model: 'some-model', promptTokens: 2 });
    expect(provider.lanes).toEqual(['query']);
  });

  it('takes many texts for bulk work, which leaves room for queries', async () => {
    const texts = Array.from({ length: 25 }, (_, index) => 'x'.repeat(index + 1));
    const reply = await service.embed({ texts }, running());
    expect(reply.vectors.map(vectorOf)).toEqual(texts.map((text) => [text.length, 0]));
    expect(reply.promptTokens).toBe(25);
    expect(provider.lanes).toEqual(['bulk']);
  });

  it('takes tokens for the text that they stand for', async () => {
    const tokens = encodeTokens('How do wings lift?', 'text-embedding-ada-002');
    await service.embed({ texts: [], tokens: [tokens] }, running());
    expect(provider.texts).toEqual(['How do wings lift?']);
  });

  it('names the input that holds no tokens', async () => {
    const request = { texts: [], tokens: [[1], [999_999_999]] };
    await expect(service.embed(request, running())).rejects.toMatchObject({
      code: 'invalid_request',
      param: 'input[1]',
    });
  });

  it('shortens vectors on request, but cannot lengthen them', async () => {
    const reply = await service.embed({ texts: ['abc'], dimensions: 1 }, running());
    expect(reply.vectors.map(vectorOf)).toEqual([[1]]);
    const longer = service.embed({ texts: ['abc'], dimensions: 3 }, running());
    await expect(longer).rejects.toMatchObject({ code: 'invalid_request', param: 'dimensions' });
  });
});
