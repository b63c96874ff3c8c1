import { describe, expect, it } from '@jest/globals';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigError, loadConfig } from '../load-config.js';
import { ModelsConfig } from './models.config.js';

const load = (environment: Record<string, string>) => loadConfig({ models: ModelsConfig }, environment).models.file;
const text = (content: unknown, environment: Record<string, string> = {}) =>
  load({ LLM_CONFIG: typeof content === 'string' ? content : JSON.stringify(content), ...environment });

const provider = (name: string, fields: object = {}) => ({ name, base_url: 'http://127.0.0.1:1/v1', ...fields });
const target = (name: string) => ({ provider: name, model: 'm' });

describe('the models file', () => {
  it('is empty when nothing is set', () => {
    expect(load({})).toEqual({});
  });

  it.each([
    [
      'YAML',
      'providers:\n  - { name: a, base_url: http://a/v1, api_key_env: A_KEY, all_models: true }\ndefault_model: a/m',
    ],
    [
      'JSON',
      JSON.stringify({ providers: [provider('a', { api_key_env: 'A_KEY', all_models: true })], default_model: 'a/m' }),
    ],
  ])('is read as %s, from text or a file, with keys from the environment', (_, content) => {
    const path = join(mkdtempSync(join(tmpdir(), 'parley-models-')), 'models.yaml');
    writeFileSync(path, content);
    for (const [name, value] of Object.entries({ LLM_CONFIG: content, LLM_CONFIG_FILE: path })) {
      const file = load({ [name]: value, A_KEY: 'sk-a' });
      expect(file).toMatchObject({ default_model: 'a/m', providers: [{ name: 'a', apiKey: 'sk-a' }] });
    }
  });

  it('is the one of the documentation', () => {
    const document = readFileSync(new URL('../../../../docs/models.md', import.meta.url), 'utf8');
    const [, example] = /```yaml\n([\s\S]*?)```/.exec(document)!;
    const file = text(example, { OPENAI_API_KEY: 'sk-1' });
    expect(file.models?.map(({ name }) => name)).toEqual(['smart', 'fast']);
  });

  it.each<[string, unknown, RegExp]>([
    ['no list of anything', 'just words', /LLM_CONFIG must hold providers, models or prices/],
    ['broken syntax', '{"providers": [', /LLM_CONFIG is neither YAML nor JSON/],
    ['a word that is not known', { provders: [] }, /provders is not known/],
    [
      'a key in the file',
      { providers: [provider('a', { api_key: 'sk' })] },
      /providers\.0\.api_key is not known: name an/,
    ],
    ['a provider without an address', { providers: [{ name: 'a' }] }, /providers\.0\.base_url must be a URL/],
    ['a name that is no label', { providers: [provider('A b')] }, /providers\.0\.name must be lower-case/],
    ['a wrong number', { providers: [provider('a', { max_retries: 99 })] }, /providers\.0\.max_retries must not be/],
    [
      'a model that nobody serves',
      { models: [{ name: 'x', targets: [] }] },
      /models\.0\.targets must contain at least 1/,
    ],
    [
      'an unknown provider',
      { models: [{ name: 'x', targets: [target('y')] }] },
      /model x names the provider y, which is/,
    ],
    [
      'a key that is not set',
      { providers: [provider('a', { api_key_env: 'NO_KEY' })], models: [{ name: 'x', targets: [target('a')] }] },
      /provider a needs the environment variable NO_KEY, which is not set/,
    ],
    [
      'two of one name',
      { models: [1, 2].map(() => ({ name: 'x', targets: [target('builtin')] })) },
      /x is declared twice/,
    ],
    [
      'a default that is none',
      { providers: [provider('a')], default_model: 'x' },
      /default_model x is none of the models/,
    ],
    ['no default', { providers: [provider('a')] }, /default_model is needed/],
    [
      'a name that is taken',
      { models: [{ name: 'default', targets: [target('builtin')] }] },
      /models\.0\.name must be/,
    ],
    [
      'a price that is no integer',
      { prices: [{ ...target('openai'), input: 0.5, output: 1 }] },
      /prices\.0\.input must be an/,
    ],
    ['a price of nothing', { prices: [target('openai')] }, /prices\.0\.input must be an/],
    [
      'half a price beside that of speech',
      { prices: [{ ...target('openai'), characters: 1, input: 1 }] },
      /prices\.0\.output must be an/,
    ],
    ['two prices', { prices: [1, 2].map((input) => ({ ...target('openai'), input, output: 1 })) }, /has two prices/],
  ])('is refused with %s, in words that say where', (_, content, message) => {
    expect(() => text(content)).toThrow(message);
  });

  it('is refused when it cannot be read, and beside the same as text', () => {
    expect(() => load({ LLM_CONFIG_FILE: '/no/such/file' })).toThrow(/cannot be read \(ENOENT\)/);
    const path = join(mkdtempSync(join(tmpdir(), 'parley-models-')), 'models.json');
    writeFileSync(path, '{}');
    expect(() => load({ LLM_CONFIG_FILE: path, LLM_CONFIG: '{}' })).toThrow(ConfigError);
  });
});
