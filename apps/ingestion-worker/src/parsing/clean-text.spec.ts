import { describe, expect, it } from '@jest/globals';
import { cleanCode, cleanText } from './clean-text.js';

describe('cleanText', () => {
  it('removes NUL, control and escape characters', () => {
    expect(cleanText('one\0\x01 two\x1B[31m three\x7F\x9B')).toBe('one two three');
  });

  it('removes what nobody sees: soft hyphens, zero-width and directional characters, tags, private use', () => {
    expect(cleanText('in\u00ADvi\u200Bsi\u202Ebl\u2066e\uFEFF\u{E0041}\uE000')).toBe('invisible');
  });

  it('composes letters and unfolds ligatures and presentation forms', () => {
    expect(cleanText('e\u0301 o\uFB03ce \uFEB3\u2F47')).toBe('é office \u0633日');
  });

  it('keeps line breaks of any kind and single spaces', () => {
    expect(cleanText('  a\u00A0 b\r\nc\rd \u2028\u2029\n\n e ')).toBe('a b\nc\nd\n\ne');
  });

  it('leaves joiners that letters need, and symbols', () => {
    expect(cleanText('می\u200Cخواهم 👩‍💻 ½')).toBe('می\u200Cخواهم 👩‍💻 ½');
  });

  it('removes halves of surrogate pairs', () => {
    expect(cleanText('a\uD800b\uDC00c')).toBe('abc');
  });
});

describe('cleanCode', () => {
  it('keeps indentation and blank lines', () => {
    expect(cleanCode('\n  if (x)\n\n\treturn;  \n')).toBe('  if (x)\n\n\treturn;');
  });
});
