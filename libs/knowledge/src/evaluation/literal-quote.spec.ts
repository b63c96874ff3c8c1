import { describe, expect, it } from '@jest/globals';
import { isQuotedFrom, normaliseQuote } from './literal-quote.js';

describe('a quote', () => {
  it('stands in its text word for word', () => {
    expect(isQuotedFrom('The office of the lift is 3.5 m².', 'lift is 3.5')).toBe(true);
    expect(isQuotedFrom('The office of the lift is 3.5 m².', 'lift was 3.5')).toBe(false);
    expect(isQuotedFrom('Case matters', 'case matters')).toBe(false);
    expect(isQuotedFrom('Some. Text', 'Some Text')).toBe(false);
  });

  it('may be broken and spaced otherwise, and written with other forms of the same letters', () => {
    expect(isQuotedFrom('two\n  lines\tof text', 'two lines of text')).toBe(true);
    expect(isQuotedFrom('an e\ufb03cient of\ufb01ce', 'efficient office')).toBe(true);
    expect(isQuotedFrom('cafe\u0301', 'caf\u00e9')).toBe(true);
    expect(isQuotedFrom('hy\u00adphen\u200bated', 'hyphenated')).toBe(true);
  });

  it('that is empty stands nowhere', () => {
    expect([isQuotedFrom('text', ''), isQuotedFrom('text', ' \n'), isQuotedFrom('', 'a')]).toEqual([
      false,
      false,
      false,
    ]);
    expect(isQuotedFrom('text', '\u200b')).toBe(false);
  });

  it('is compared without what nobody sees', () => {
    expect(normaliseQuote('\ufeff a\u00a0\r\n b ')).toBe('a b');
  });
});
