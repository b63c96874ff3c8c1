import { describe, expect, it } from '@jest/globals';
import { parseEvalArguments, USAGE } from './arguments.js';

const parse = (line: string, environment = {}) => parseEvalArguments(line.split(' '), environment);

describe('the arguments of npm run eval', () => {
  it('have defaults for all but the set', () => {
    expect(parse('--set cranfield')).toEqual({
      sets: ['cranfield'],
      collections: '../shared/data/retrieval',
      qrels: 'qrels',
      legs: ['lexical', 'vector', 'hybrid'],
      baseline: 'bm25',
      limit: null,
      json: false,
      answers: false,
      target: null,
      keep: false,
      dataDir: '.parley/eval',
      deadlineMinutes: 60,
    });
  });

  it('name several sets, some legs, and a running installation', () => {
    const options = parse('--set a --set b --legs hybrid,lexical --baseline none --limit 5 --url http://x:1/', {
      PARLEY_API_KEY: 'key',
    });
    expect(options).toMatchObject({
      sets: ['a', 'b'],
      legs: ['lexical', 'hybrid'],
      baseline: null,
      limit: 5,
      target: { url: 'http://x:1', apiKey: 'key' },
    });
  });

  it('may ask for help, whatever else they say', () => {
    expect([parse('--help'), parse('-h --limit 0')]).toEqual([null, null]);
    for (const option of ['--set', '--url', '--answers']) expect(USAGE).toContain(option);
  });

  it.each([
    ['--json', '--set is missing.'],
    ['--set a --colour', "Unknown option '--colour'"],
    ['--set a --legs lexical,exact', '--legs knows lexical, vector, hybrid, not "exact".'],
    ['--set a --baseline bm42', '--baseline knows bm25 and none, not "bm42".'],
    ['--set a --limit 0', '--limit must be a whole number above 0.'],
    ['--set a --deadline soon', '--deadline must be a whole number above 0.'],
    ['--set a --url ftp://x', '--url must be an http or https address.'],
    ['--set a --url http://x', '--url needs an API key: --api-key or PARLEY_API_KEY.'],
    ['--set a --qrels ../x', '--qrels is the name of a file in the folder of the set.'],
  ])('that are wrong are told: %s', (line, message) => {
    expect(() => parse(line)).toThrow(message);
  });
});
