import { describe, expect, it } from '@jest/globals';
import { withoutLongRuns } from './long-runs.js';
import { countTokens, decodeTokens, encodeTokens, truncateToTokens } from './tokenizer.js';

const SAMPLES = [
  'Tracing just-in-time compilers record hot loops.',
  'def f(x):\n    return x ** 2  # square\n\n\n',
  '追踪即时编译器在运行时记录热循环，并生成专门的机器代码。',
  'Größenwahn in Çanakkale 🦄👩‍👩‍👧 \u{13000}',
  '',
  '   \t  \n',
];

describe('tokens', () => {
  it('of a text decode to that text, in both encodings', () => {
    for (const text of SAMPLES) {
      for (const model of ['gpt-4o', 'gpt-4']) {
        const tokens = encodeTokens(text, model);
        expect(decodeTokens(tokens, model)).toBe(text);
        expect(countTokens(text, model)).toBe(tokens.length);
      }
    }
  });

  it('are those of the model’s encoding', () => {
    expect(encodeTokens('hello world', 'text-embedding-3-small')).toEqual([15339, 1917]);
    expect(encodeTokens('hello world', 'gpt-4o')).toEqual([24912, 2375]);
  });

  it('of a text that looks like control tokens are those of ordinary text', () => {
    expect(countTokens('<|endoftext|>')).toBeGreaterThan(1);
    expect(decodeTokens(encodeTokens('<|im_start|>system'))).toBe('<|im_start|>system');
  });

  it('that end within a character do not leak into the next text', () => {
    const [first] = encodeTokens('\u{13000}');

    expect(decodeTokens([first!])).toMatch(/^\uFFFD*$/);
    expect(decodeTokens(encodeTokens('\u{13001} é'))).toBe('\u{13001} é');
  });

  it('that do not exist are refused', () => {
    expect(() => decodeTokens([1, 99_999_999], 'gpt-4')).toThrow(
      expect.objectContaining({ code: 'invalid_request', message: '99999999 is not a token of cl100k_base.' }),
    );
    expect(() => decodeTokens([-1])).toThrow(expect.objectContaining({ code: 'invalid_request' }));
    expect(() => decodeTokens([1.5])).toThrow(expect.objectContaining({ code: 'invalid_request' }));
  });
});

describe('a very long text', () => {
  const kinds: Record<string, (length: number) => string> = {
    prose: (length) => 'The quick brown fox, jumping, records 42 traces. '.repeat(length / 49),
    'one word': (length) => 'a'.repeat(length),
    'one line without punctuation': (length) => '追踪即时编译器'.repeat(length / 7),
    'blank lines': (length) => ' \n'.repeat(length / 2),
    dashes: (length) => '-='.repeat(length / 2),
  };

  it.each([
    ['prose', 1_000_000],
    ['one word', 200_000],
    ['one line without punctuation', 100_000],
    ['blank lines', 200_000],
    ['dashes', 200_000],
  ])('(%s, %d characters) is counted in parts whose runs are short', (kind, length) => {
    const text = kinds[kind]!(length);
    const parts = [...withoutLongRuns(text)];
    expect(parts.join('') === text).toBe(true);
    // The library splits at these runs and takes quadratic time for each.
    const runs = parts.flatMap((part) => part.match(/[\p{L}\p{M}]+|\s+|[^\s\p{L}\p{M}\p{N}]+/gu) ?? []);
    expect(runs.filter((run) => run.length > 128)).toEqual([]);
    expect(countTokens(text)).toBeGreaterThan(0);
  });

  it('survives encoding and decoding', () => {
    for (const textOf of Object.values(kinds)) {
      const text = textOf(20_000);
      expect(decodeTokens(encodeTokens(text)) === text).toBe(true);
    }
  });
});

describe('truncation', () => {
  it('keeps a beginning of the text that has no more tokens than allowed', () => {
    for (const text of SAMPLES) {
      for (const maxTokens of [0, 1, 2, 5, 8, 13]) {
        const beginning = truncateToTokens(text, maxTokens);
        expect(text.startsWith(beginning)).toBe(true);
        expect(countTokens(beginning)).toBeLessThanOrEqual(maxTokens);
      }
    }
  });

  it('leaves a text alone that fits', () => {
    for (const text of SAMPLES) expect(truncateToTokens(text, 1_000)).toBe(text);
  });

  it('uses what is allowed', () => {
    expect(countTokens(truncateToTokens('one two three four five six seven', 4))).toBe(4);
  });
});
