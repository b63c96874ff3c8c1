import { describe, expect, it } from '@jest/globals';
import { LlmConfig, loadConfig } from '@parley/config';
import { llmOptionsOf } from './llm-options-of.js';

const optionsFor = (environment: Record<string, string>) =>
  llmOptionsOf(loadConfig({ llm: LlmConfig }, environment).llm);

describe('llmOptionsOf', () => {
  it('names no endpoint when nothing is set, so that the built-in provider answers', () => {
    expect(optionsFor({})).toMatchObject({ openaiApiKey: undefined, openaiBaseUrl: undefined });
  });

  it('sends a Gemini key to Gemini and to nobody else', () => {
    expect(optionsFor({ GEMINI_API_KEY: 'g' })).toMatchObject({
      openaiApiKey: 'g',
      openaiBaseUrl: expect.stringContaining('generativelanguage'),
    });
    expect(optionsFor({ GEMINI_API_KEY: 'g', OPENAI_API_KEY: 'o' })).toMatchObject({
      openaiApiKey: 'o',
      openaiBaseUrl: undefined,
    });
  });

  it('reads optional numbers as numbers', () => {
    const options = optionsFor({ OPENAI_EMBEDDING_DIMENSIONS: '256', OPENAI_CONTEXT_WINDOW: '4096' });
    expect(options).toMatchObject({ embeddingDimensions: 256, contextWindowTokens: 4096 });
  });

  it('reads further embedding models, with or without dimensions', () => {
    const options = optionsFor({ EMBEDDING_MODELS: 'text-embedding-3-large:1024, nomic-embed-text:v1.5' });
    expect(options.embeddingModels).toEqual([
      { model: 'text-embedding-3-large', dimensions: 1024 },
      { model: 'nomic-embed-text:v1.5', dimensions: undefined },
    ]);
    expect(() => optionsFor({ EMBEDDING_MODELS: 'large:5000' })).toThrow('EMBEDDING_MODELS must have 1 to 4000');
  });

  it('takes the names of the systems that Parley replaces', () => {
    const options = optionsFor({
      LM_STUDIO_BASE_URL: 'http://llm-service:1234/v1',
      LM_STUDIO_MODEL_NAME: 'm',
      MAX_TOKENS: '2000',
      TEMPERATURE: '0.2',
    });
    expect(options).toMatchObject({
      openaiBaseUrl: 'http://llm-service:1234/v1',
      model: 'm',
      maxOutputTokens: 2000,
      temperature: 0.2,
    });
  });
});
