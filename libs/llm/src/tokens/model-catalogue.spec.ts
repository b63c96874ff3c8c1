import { describe, expect, it } from '@jest/globals';
import { contextWindowOf, encodingOf, isReasoningModel } from './model-catalogue.js';

describe('the context window', () => {
  it.each([
    ['gpt-4', 8_192],
    ['gpt-4o-mini', 128_000],
    ['openai/gpt-4o', 128_000],
    ['ft:gpt-4o-mini-2024-07-18:acme::abc', 128_000],
    ['gpt-4o-2099-01-31', 128_000],
    ['gpt-3.5-turbo', 16_385],
    ['gemini-2.5-flash', 1_048_576],
    ['llama3.1:8b', 8_192],
    ['parley-extractive', 8_192],
  ])('of %s is %d tokens', (model, tokens) => {
    expect(contextWindowOf(model)).toBe(tokens);
  });

  it('is what the provider lets the prompt have where that is less', () => {
    expect(contextWindowOf('gpt-5')).toBeLessThan(400_000);
  });

  it('is what the operator says', () => {
    expect(contextWindowOf('gpt-4o', 4_096)).toBe(4_096);
  });
});

describe('the encoding', () => {
  it('is the old one of the old models and the newest of all others', () => {
    const old = ['gpt-4', 'gpt-3.5-turbo', 'text-embedding-ada-002', 'text-embedding-3-small'];
    expect(old.map(encodingOf)).toEqual(old.map(() => 'cl100k_base'));
    expect(['gpt-4o', 'gpt-5', 'llama3', undefined].map(encodingOf)).toEqual(
      Array.from({ length: 4 }, () => 'o200k_base'),
    );
  });
});

describe('reasoning models', () => {
  it('are known', () => {
    expect(['o3', 'gpt-5', 'gpt-4o', 'llama3'].map(isReasoningModel)).toEqual([true, true, false, false]);
  });
});
