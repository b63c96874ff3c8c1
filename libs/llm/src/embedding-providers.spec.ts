import { describe, expect, it } from '@jest/globals';
import { BUILTIN_EMBEDDING_MODEL } from './builtin/builtin.embedding-provider.js';
import { EmbeddingProviders } from './embedding-providers.js';
import { type LlmOptions } from './llm-options.js';

const endpoint = { openaiBaseUrl: 'http://localhost:1/v1', model: 'chat', embeddingModel: 'small' };
const providersOf = (options: Partial<LlmOptions> = {}) => new EmbeddingProviders({ ...endpoint, ...options });

describe('EmbeddingProviders', () => {
  it('offers the default model, further ones and the built-in one, each once', () => {
    const embeddingModels = [
      { model: 'large', dimensions: 1024 },
      { model: 'small' },
      { model: BUILTIN_EMBEDDING_MODEL },
    ];
    const { models } = providersOf({ embeddingModels });
    expect(models.map(({ model }) => model)).toEqual(['small', 'large', BUILTIN_EMBEDDING_MODEL]);
  });

  it('makes one provider per model and length, and keeps it', async () => {
    const providers = providersOf({ embeddingDimensions: 256 });
    const large = providers.of({ model: 'large', dimensions: 1024 });
    expect(large).toMatchObject({ name: 'openai', model: 'large' });
    expect(await large.dimensions()).toBe(1024);
    expect(providers.of({ model: 'large', dimensions: 1024 })).toBe(large);
    expect(providers.of({ model: 'large', dimensions: 64 })).not.toBe(large);
    expect(providers.of({ model: 'small' })).toBe(providers.default);
  });

  it('serves models that are no longer configured, so that what was embedded with them stays usable', () => {
    expect(providersOf().of({ model: 'of-last-year', dimensions: 768 })).toMatchObject({ model: 'of-last-year' });
  });

  it('always has the built-in model, and without an endpoint no other', () => {
    const providers = providersOf({ openaiBaseUrl: undefined });
    expect(providers.models).toEqual([{ model: BUILTIN_EMBEDDING_MODEL }]);
    expect(providers.default.name).toBe('builtin');
    expect(providers.of({ model: BUILTIN_EMBEDDING_MODEL, dimensions: 1024 })).toBe(providers.default);
    expect(() => providers.of({ model: 'small', dimensions: 2 })).toThrow(
      expect.objectContaining({ code: 'model_not_found' }),
    );
    expect(providersOf().of({ model: BUILTIN_EMBEDDING_MODEL }).name).toBe('builtin');
  });

  it('serves the vectors of earlier built-in models, which cannot be chosen any more', async () => {
    const providers = providersOf({ openaiBaseUrl: undefined });
    const earlier = providers.of({ model: 'parley-hash-embedding', dimensions: 512 });
    expect(await earlier.dimensions()).toBe(512);
    expect(providers.of({ model: 'parley-hash-embedding', dimensions: 512 })).toBe(earlier);
    expect(providers.models).not.toContainEqual(expect.objectContaining({ model: earlier.model }));
    const chosen = providersOf({ embeddingModel: 'parley-hash-embedding' });
    expect(chosen.default).toMatchObject({ name: 'builtin', model: 'parley-hash-embedding' });
  });

  it('forgets what was used longest ago', () => {
    const providers = providersOf();
    const first = providers.of({ model: 'first', dimensions: 1 });
    for (let length = 1; length < 16; length++) providers.of({ model: 'other', dimensions: length });
    expect(providers.of({ model: 'first', dimensions: 1 })).toBe(first);
    for (let length = 16; length < 32; length++) providers.of({ model: 'other', dimensions: length });
    expect(providers.of({ model: 'first', dimensions: 1 })).not.toBe(first);
  });

  it('says when a model is given a pause', async () => {
    const providers = providersOf({ maxRetries: 0, breakerThreshold: 1 });
    expect(providers.isPausing).toBe(false);
    await expect(providers.of({ model: 'large', dimensions: 8 }).embed(['text'])).rejects.toThrow();
    expect(providers.isPausing).toBe(true);
    expect(providers.default.state).toBe('closed');
  });
});
