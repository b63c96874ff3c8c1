import { describe, expect, it } from '@jest/globals';
import { BUILTIN_EMBEDDING_MODEL } from './builtin/builtin.embedding-provider.js';
import { EmbeddingProvider } from './embedding-provider.js';
import { EmbeddingProviders } from './embedding-providers.js';
import { type LlmOptions } from './llm-options.js';
import { LlmModule } from './llm.module.js';
import { createChatProvider } from './providers.js';

const models = { model: 'gpt-4o', embeddingModel: 'text-embedding-3-small' };

const createEmbeddingProvider = (options: LlmOptions) => new EmbeddingProviders(options).default;

describe('the provider', () => {
  it.each([
    ['builtin', {}],
    ['builtin', { openaiApiKey: '', openaiBaseUrl: '' }],
    ['openai', { openaiApiKey: 'sk-1' }],
    ['openai', { openaiBaseUrl: 'http://localhost:1234/v1' }],
  ])('is %s with %j', (name, settings) => {
    expect(createChatProvider({ ...models, ...settings }).name).toBe(name);
    expect(createEmbeddingProvider({ ...models, ...settings }).name).toBe(name);
  });

  it('is the built-in one where its model is asked for by name', () => {
    const options = { openaiApiKey: 'sk-1', model: 'gpt-4o', embeddingModel: BUILTIN_EMBEDDING_MODEL };

    expect(createChatProvider(options).name).toBe('openai');
    expect(createEmbeddingProvider(options).name).toBe('builtin');
  });

  it('is injected by its port', () => {
    const { exports, providers } = LlmModule.forEmbeddings(models);

    expect(exports).toEqual([EmbeddingProvider, EmbeddingProviders]);
    expect(providers).toEqual([
      { provide: EmbeddingProvider, useValue: expect.objectContaining({ name: 'builtin' }) },
      { provide: EmbeddingProviders, useValue: expect.any(EmbeddingProviders) },
    ]);
  });
});
