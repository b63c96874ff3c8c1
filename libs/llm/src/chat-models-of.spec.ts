import { describe, expect, it } from '@jest/globals';
import { LlmConfig, loadConfig, ModelsConfig } from '@parley/config';
import { chatModelsOf } from './chat-models-of.js';

function modelsFor(environment: Record<string, string>) {
  const { llm, models } = loadConfig({ llm: LlmConfig, models: ModelsConfig }, environment);
  return chatModelsOf(llm, models.file);
}
const namesOf = (models: ReturnType<typeof modelsFor>) =>
  models.providers.map(({ provider, naming }) => `${provider.name} ${naming}`);

describe('chatModelsOf', () => {
  it('is the built-in provider when nothing is set', () => {
    const models = modelsFor({});
    expect(namesOf(models)).toEqual(['builtin plain']);
    expect(models.targetsOf(models.defaultModel)).toEqual([{ provider: 'builtin', model: 'parley-extractive' }]);
  });

  it('is the one provider of the environment, with the window that is set for its model', () => {
    const models = modelsFor({ OPENAI_API_KEY: 'sk', OPENAI_MODEL: 'mine', OPENAI_CONTEXT_WINDOW: '5000' });
    expect(namesOf(models)).toEqual(['openai plain', 'builtin hidden']);
    expect(models.defaultModel).toBe('mine');
    expect(models.targetsOf('any')).toEqual([{ provider: 'openai', model: 'any' }]);
    expect(models.contextWindowOf('any')).toBe(5_000);
  });

  it('adds aliases to the provider of the environment', () => {
    const models = [
      {
        name: 'kind',
        targets: [
          { provider: 'openai', model: 'a' },
          { provider: 'builtin', model: 'b' },
        ],
      },
    ];
    const chat = modelsFor({ OPENAI_API_KEY: 'sk', LLM_CONFIG: JSON.stringify({ models, default_model: 'gpt-4o' }) });
    expect(chat.defaultModel).toBe('gpt-4o');
    expect(chat.targetsOf('kind')).toMatchObject([{ provider: 'openai' }, { provider: 'builtin' }]);
  });

  it('is the declared providers and nobody else, with settings of their own', () => {
    const providers = [
      { name: 'one', base_url: 'http://one/v1', max_concurrent_requests: 3 },
      { name: 'two', base_url: 'http://two/v1', all_models: true },
    ];
    const models = [{ name: 'smart', targets: [{ provider: 'one', model: 'm', context_window_tokens: 2_000 }] }];
    const chat = modelsFor({
      OPENAI_API_KEY: 'sk',
      OPENAI_CONTEXT_WINDOW: '5000',
      LLM_MAX_CONCURRENCY: '7',
      LLM_CONFIG: JSON.stringify({ providers, models }),
    });
    expect(namesOf(chat)).toEqual(['one hidden', 'two prefixed', 'builtin hidden']);
    expect(chat.providers.map(({ provider }) => provider.load.maxActive)).toEqual([3, 7, undefined]);
    expect(chat.defaultModel).toBe('smart');
    expect(chat.contextWindowOf('smart')).toBe(2_000);
    expect(chat.contextWindowOf('two/gpt-4o')).toBe(128_000);
    expect(() => chat.targetsOf('gpt-4')).toThrow();
  });
});
