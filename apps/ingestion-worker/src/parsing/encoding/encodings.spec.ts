import { describe, expect, it } from '@jest/globals';
import iconv from 'iconv-lite';
import { LEGACY_ENCODINGS, TEXTS } from '../fixtures/texts.fixture.js';
import { IngestionError } from '../ingestion-error.js';
import { decodeText } from './decode-text.js';

const UNICODE = ['utf-8', 'utf-16le', 'utf-16be', 'utf-32le', 'utf-32be'];

/** The text, or the code of the refusal. */
function outcome(bytes: Buffer): string {
  try {
    return decodeText(bytes).text;
  } catch (error) {
    if (error instanceof IngestionError) return error.code;
    throw error;
  }
}

/** What the encoding can say of the text. */
const sayable = (text: string, encoding: string) => iconv.decode(iconv.encode(text, encoding), encoding);

/** Every few words of a text, whole words where there are spaces. */
function partsOf(text: string, length: number): string[] {
  if (!text.includes(' ')) {
    return Array.from({ length: text.length - length }, (_, start) => text.slice(start, start + length));
  }
  const words = text.split(' ');
  return words.flatMap((_, first) => {
    let part = '';
    for (const word of words.slice(first)) if (part.length < length) part += ` ${word}`;
    return part.length < length ? [] : [part.trim()];
  });
}

describe('text in a legacy encoding', () => {
  it.each(LEGACY_ENCODINGS)('is read right: %s (%s)', (encoding, language) => {
    const text = sayable(TEXTS[language], encoding);
    expect(outcome(iconv.encode(text, encoding))).toBe(text);
  });

  it.each(LEGACY_ENCODINGS)('is never read wrong, however little there is of it: %s (%s)', (encoding, language) => {
    const text = sayable(TEXTS[language], encoding);
    for (const length of [25, 40, 70]) {
      for (const part of partsOf(text, length)) {
        expect([part, 'unknown_encoding']).toContain(outcome(iconv.encode(part, encoding)));
      }
    }
  });

  it.each([
    ['Sa\xF1o', 'may be Spanish or Polish'],
    ['na\xEFf', 'may be French or Czech'],
    ['\xEF\xF0\xE8', 'may be of any script'],
  ])('is refused when nobody can tell: %j %s', (text) => {
    expect(outcome(Buffer.from(text, 'latin1'))).toBe('unknown_encoding');
  });

  it('is told by the words around a foreign name', () => {
    const text = 'The senate of São Paulo and the mayor of Åre met with a naïve señor from Łódź’s twin town.'.replace(
      'Łódź’s',
      'a',
    );
    expect(outcome(iconv.encode(text, 'windows-1252'))).toBe(text);
  });

  it.each([
    ['koi8-r', 'windows-1251', 'russian', 'russian'],
    ['shift_jis', 'euc-jp', 'japanese', 'japanese'],
    ['windows-1252', 'utf-8', 'german', 'russian'],
    ['utf-8', 'windows-1252', 'japanese', 'french'],
    ['utf-8', 'shift_jis', 'german', 'japanese'],
    ['gb18030', 'utf-8', 'chinese', 'chinese'],
  ] as const)('is refused when it goes on in another one: %s, then %s', (one, other, first, second) => {
    const bytes = [iconv.encode(`${TEXTS[first]}\n`, one), iconv.encode(TEXTS[second], other)];
    expect(outcome(Buffer.concat(bytes))).toBe('unknown_encoding');
  });

  it('is refused when half of it is binary', () => {
    const noise = Buffer.from(Array.from({ length: 400 }, (_, index) => (index * 37) & 0xff));
    for (const language of ['german', 'russian', 'japanese'] as const) {
      const bytes = Buffer.concat([iconv.encode(TEXTS[language], 'utf-8'), noise]);
      expect(outcome(bytes)).toBe('unknown_encoding');
    }
  });
});

describe('text in Unicode', () => {
  it.each(UNICODE.flatMap((encoding) => Object.keys(TEXTS).map((language) => [encoding, language] as const)))(
    'is read right with a byte order mark: %s (%s)',
    (encoding, language) => {
      const text = TEXTS[language as keyof typeof TEXTS];
      expect(outcome(iconv.encode(text, encoding, { addBOM: true }))).toBe(text);
    },
  );

  it.each(
    UNICODE.slice(1, 3).flatMap((encoding) => Object.keys(TEXTS).map((language) => [encoding, language] as const)),
  )('is read right or refused without one: %s (%s)', (encoding, language) => {
    const text = TEXTS[language as keyof typeof TEXTS];
    const whole = iconv.encode(text, encoding, { addBOM: false });
    expect(text.includes(' ') ? [text] : [text, 'unknown_encoding']).toContain(outcome(whole));
    for (const part of partsOf(text, 25)) {
      const bytes = iconv.encode(part, encoding, { addBOM: false });
      expect([part, 'unknown_encoding']).toContain(outcome(bytes));
    }
  });
});
