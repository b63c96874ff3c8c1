import { describe, expect, it } from '@jest/globals';
import { DomainError, TenantContext } from '@parley/contracts';
import { type EmbeddingSpace, type EmbeddingSpaces, type Lease } from '@parley/knowledge';
import { type EmbeddingBatch, type EmbeddingModel, type EmbeddingProvider, type EmbeddingProviders } from '@parley/llm';
import { SpaceEmbedder } from './space-embedder.js';

const ID = '018f0000-0000-7000-8000-000000000000';
const tenant = TenantContext.of({ tenantId: ID, userId: ID, role: 'member' });
const space = { id: ID, model: 'old-model', dimensions: 2 } as EmbeddingSpace;
const leaseOf = (embeddingSpace: EmbeddingSpace | null) => ({ tenant, knowledgeBaseId: ID, embeddingSpace }) as Lease;
const running = () => new AbortController().signal;

function providerOf(model: string, fields: Partial<EmbeddingProvider> = {}): EmbeddingProvider {
  async function* embedBatches(texts: string[]): AsyncGenerator<EmbeddingBatch> {
    yield { offset: 0, vectors: texts.map((text) => Float32Array.of(text.length, 1)), promptTokens: 1 };
  }
  return { name: 'openai', model, dimensions: async () => 3, embedBatches, ...fields } as EmbeddingProvider;
}

function embedderWith(standard: EmbeddingProvider, of: (model: EmbeddingModel) => EmbeddingProvider = () => standard) {
  const made: unknown[] = [];
  const spaces = {
    ensure: async (...space: unknown[]) => (made.push(space), { id: 'new' }),
    assign: async (_tenant: TenantContext, _base: string, id: string) => ({ ...space, id }),
  } as unknown as EmbeddingSpaces;
  return { embedder: new SpaceEmbedder({ default: standard, of } as EmbeddingProviders, spaces), made };
}

async function embed(embedder: SpaceEmbedder, signal = running()): Promise<Float32Array[]> {
  const vectors: Float32Array[] = [];
  for await (const batch of embedder.embed(space, ['a', 'bcd'], signal)) vectors.push(...batch.vectors);
  return vectors;
}

describe('SpaceEmbedder', () => {
  it('leaves a knowledge base its space, whichever model is the default', async () => {
    const { embedder, made } = embedderWith(providerOf('new-model'));
    expect(await embedder.spaceOf(leaseOf(space))).toBe(space);
    expect(made).toEqual([]);
  });

  it.each([
    ['openai', 0.5],
    ['builtin', 0.1],
  ] as const)('gives it the space of the default model first, of %s with weight %d', async (name, weight) => {
    const { embedder, made } = embedderWith(providerOf('new-model', { name }));
    expect(await embedder.spaceOf(leaseOf(null))).toMatchObject({ id: 'new' });
    expect(made).toEqual([['new-model', 3, weight]]);
  });

  it('embeds with the model of the space', async () => {
    const asked: EmbeddingModel[] = [];
    const { embedder } = embedderWith(providerOf('new-model'), (model) => (asked.push(model), providerOf(model.model)));
    expect(await embed(embedder)).toEqual([Float32Array.of(1, 1), Float32Array.of(3, 1)]);
    expect(asked).toEqual([space]);
  });

  it('says when it was the provider that failed', async () => {
    const cause = new DomainError('provider_rate_limited', 'Slow down.');
    const fail = () => {
      throw cause;
    };
    const failed = { name: 'EmbeddingError', cause };
    await expect(embed(embedderWith(providerOf('m', { embedBatches: fail })).embedder)).rejects.toMatchObject(failed);
    await expect(embed(embedderWith(providerOf('m'), fail).embedder)).rejects.toMatchObject(failed);
    const dimensions = () => Promise.reject(cause);
    await expect(embedderWith(providerOf('m', { dimensions })).embedder.spaceOf(leaseOf(null))).rejects.toMatchObject(
      failed,
    );
    const stop = new Error('The app is stopping.');
    await expect(embed(embedderWith(providerOf('m'), fail).embedder, AbortSignal.abort(stop))).rejects.toBe(stop);
  });
});
