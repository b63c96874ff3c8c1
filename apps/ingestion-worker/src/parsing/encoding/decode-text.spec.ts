import { describe, expect, it } from '@jest/globals';
import iconv from 'iconv-lite';
import { TEXTS } from '../fixtures/texts.fixture.js';
import { IngestionError } from '../ingestion-error.js';
import { decodeText } from './decode-text.js';

function codeOf(bytes: Buffer): string {
  try {
    return decodeText(bytes).text;
  } catch (error) {
    if (error instanceof IngestionError) return error.code;
    throw error;
  }
}

describe('decodeText', () => {
  it.each([
    ['windows-1251', 'russian'],
    ['koi8-r', 'russian'],
    ['iso-8859-5', 'russian'],
    ['cp866', 'russian'],
    ['maccyrillic', 'russian'],
    ['windows-1251', 'ukrainian'],
    ['koi8-u', 'ukrainian'],
    ['windows-1252', 'german'],
    ['cp850', 'german'],
    ['windows-1252', 'french'],
    ['macintosh', 'french'],
    ['windows-1250', 'polish'],
    ['iso-8859-2', 'polish'],
    ['windows-1250', 'czech'],
    ['windows-1254', 'turkish'],
    ['windows-1253', 'greek'],
    ['windows-1255', 'hebrew'],
    ['windows-1256', 'arabic'],
    ['windows-874', 'thai'],
    ['shift_jis', 'japanese'],
    ['euc-jp', 'japanese'],
    ['gb18030', 'chinese'],
    ['big5', 'taiwanese'],
    ['euc-kr', 'korean'],
  ] as const)('detects %s (%s)', (encoding, language) => {
    const text = TEXTS[language];
    expect(decodeText(iconv.encode(text, encoding)).text).toBe(text);
  });

  it.each(['utf-8', 'utf-16le', 'utf-16be', 'utf-32le', 'utf-32be'])(
    'follows the byte order mark of %s',
    (encoding) => {
      const bytes = iconv.encode(TEXTS.polish, encoding, { addBOM: true });
      expect(decodeText(bytes)).toEqual({ text: TEXTS.polish, encoding });
    },
  );

  it.each([
    ['utf-16le', 'Plain words, a few digits 12 and a line.\n'],
    ['utf-16be', TEXTS.russian],
    ['utf-16le', `${TEXTS.chinese}\n${TEXTS.chinese}`],
    ['utf-32le', 'Plain words.'],
  ])('reads %s without a byte order mark', (encoding, text) => {
    expect(decodeText(iconv.encode(text, encoding, { addBOM: false }))).toEqual({ text, encoding });
  });

  it('reads the escape sequences of ISO-2022-JP', () => {
    expect(decodeText(Buffer.from('\x1B$BF|K\\8l\x1B(B', 'latin1')).text).toBe('日本語');
  });

  it('drops half a character at the end of a file that was cut short', () => {
    expect(decodeText(Buffer.from(TEXTS.japanese).subarray(0, -1)).text).toBe(TEXTS.japanese.slice(0, -1));
  });

  it('does not take a lone last letter of a legacy encoding for half a character', () => {
    expect(decodeText(Buffer.from('caf\xE9', 'latin1')).text).toBe('café');
  });

  it('finds the few foreign letters of a long plain text', () => {
    const text = `${'Nothing special on this line.\n'.repeat(20_000)}${TEXTS.german}\n${'And on it goes.\n'.repeat(20_000)}`;
    expect(decodeText(Buffer.from(text, 'latin1')).text).toBe(text);
  });

  it('believes a declared encoding that makes sense, and no other', () => {
    const bytes = iconv.encode('Stüde', 'windows-1252');
    expect(decodeText(bytes, { declared: 'iso-8859-1' })).toEqual({ text: 'Stüde', encoding: 'windows-1252' });
    expect(decodeText(iconv.encode(TEXTS.russian, 'koi8-r'), { declared: 'latin1' }).text).toBe(TEXTS.russian);
    expect(decodeText(bytes, { declared: 'no-such-encoding' }).text).toBe('Stüde');
  });

  it('refuses UTF-8 with bytes of another encoding in it', () => {
    const mixed = Buffer.concat([Buffer.from(TEXTS.german.repeat(5)), Buffer.from('\xFCber', 'latin1')]);
    expect(codeOf(mixed)).toBe('unknown_encoding');
    expect(codeOf(Buffer.from('FFFE00D80041', 'hex'))).toBe('unknown_encoding');
  });

  it('refuses binary data', () => {
    let seed = 7;
    const next = (): number => (seed = (seed * 1_103_515_245 + 12_345) & 0x7fffffff) >> 16;
    for (let size = 20; size < 3_000; size += 37) {
      expect(codeOf(Buffer.from(Array.from({ length: size }, () => next() & 0xff)))).toBe('unknown_encoding');
    }
  });

  it('yields the right text or none for every encoding of a language, whole or in part', () => {
    const encodings = ['windows-1251', 'koi8-r', 'iso-8859-5', 'cp866'];
    for (const encoding of encodings) {
      for (let start = 0; start + 60 < TEXTS.russian.length; start += 11) {
        const text = TEXTS.russian.slice(start, start + 60);
        expect([text, 'unknown_encoding']).toContain(codeOf(iconv.encode(text, encoding)));
      }
    }
  });
});
