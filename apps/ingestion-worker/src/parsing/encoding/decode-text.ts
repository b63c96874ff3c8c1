import iconv from 'iconv-lite';
import { IngestionError } from '../ingestion-error.js';
import { detectLegacyEncoding } from './legacy-encoding.js';
import { hasOddWords } from './plausible-text.js';
import { byteOrderMark, decodeUnicode, wideEncoding } from './unicode-encoding.js';

export interface DecodedText {
  text: string;
  /** Lower case. */
  encoding: string;
}

export interface DecodeOptions {
  /** What the document says of itself; believed when the text it yields makes sense. */
  declared?: string | undefined;
  /** Leaves out what is not the document's language, such as mark-up, before it is judged. */
  withoutMarkup?: ((sample: Buffer) => Buffer) | undefined;
}

const ISO_2022_JP = /\x1B(?:\$[@B]|\$\(D|\([JI])/;
const ISO_2022_OTHER = /\x1B\$[()*+][A-K]|\x1B\$A/;
const SAMPLE_BYTES = 64 * 1024;
/** Names of the WHATWG standard that the decoder spells otherwise. */
const ALIASES: Readonly<Record<string, string>> = { 'x-mac-cyrillic': 'maccyrillic', 'iso-8859-8-i': 'iso-8859-8' };

/**
 * Bytes to text: by the byte order mark, by the zero bytes of UTF-16 and UTF-32, as strict UTF-8, as declared, and at
 * last by detection, whose answer is checked against what languages look like.
 * @throws IngestionError `unknown_encoding` rather than return wrong characters.
 */
export function decodeText(bytes: Buffer, options: DecodeOptions = {}): DecodedText {
  const mark = byteOrderMark(bytes);
  const wide = mark?.encoding ?? wideEncoding(bytes);
  if (wide) return { text: decodeAs(wide, bytes.subarray(mark?.length ?? 0)), encoding: wide };
  const utf8 = decodeUnicode(bytes, 'utf-8');
  if (utf8 === undefined) return decodeLegacy(bytes, options);
  if (controlShare(utf8) > 0.3) throw binaryData();
  if (ISO_2022_OTHER.test(utf8)) throw unknownEncoding();
  if (ISO_2022_JP.test(utf8)) return { text: decodeAs('iso-2022-jp', bytes), encoding: 'iso-2022-jp' };
  return { text: utf8, encoding: 'utf-8' };
}

function decodeAs(encoding: string, bytes: Buffer): string {
  const text = decodeUnicode(bytes, encoding);
  if (text === undefined) throw mixedEncodings(encoding);
  return text;
}

function decodeLegacy(bytes: Buffer, { declared, withoutMarkup }: DecodeOptions): DecodedText {
  const lines = linesBeyondAscii(bytes);
  const prose = withoutMarkup?.(lines);
  const sample = prose?.some((byte) => byte >= 0x80) ? prose : lines;
  if (controlShare(sample.toString('latin1')) > 0.02) throw binaryData();
  if (isMostlyUtf8(sample)) throw mixedEncodings('utf-8');
  const own = declared && legacyName(declared);
  const believed = own && !hasOddWords(iconv.decode(sample, own)) ? own : undefined;
  const encoding = believed ?? detectLegacyEncoding(sample);
  const text = encoding && iconv.decode(bytes, encoding).replace(/\uFFFD$/, '');
  if (!encoding || !text || text.includes('\uFFFD')) throw unknownEncoding();
  return { text, encoding };
}

/** The decoder's name of a declared encoding, by the WHATWG table of labels. Unicode names were tried before. */
function legacyName(label: string): string | undefined {
  try {
    const name = new TextDecoder(label.trim()).encoding;
    const known = ALIASES[name] ?? name;
    return !name.startsWith('utf-') && iconv.encodingExists(known) ? known : undefined;
  } catch {
    return undefined;
  }
}

/** Only these lines tell encodings apart. A line feed is never half of a character in the encodings in question. */
function linesBeyondAscii(bytes: Buffer): Buffer {
  const lines: Buffer[] = [];
  let size = 0;
  for (let start = 0; start < bytes.length && size < SAMPLE_BYTES;) {
    const end = bytes.indexOf(0x0a, start);
    const line = bytes.subarray(start, Math.min(end < 0 ? bytes.length : end + 1, start + SAMPLE_BYTES));
    start = end < 0 ? bytes.length : end + 1;
    if (!line.some((byte) => byte >= 0x80)) continue;
    lines.push(line);
    size += line.length;
  }
  return Buffer.concat(lines);
}

function controlShare(text: string): number {
  return (text.match(/[\0-\x08\x0B\x0E-\x1A\x1C-\x1F]/g)?.length ?? 0) / Math.max(1, text.length);
}

function isMostlyUtf8(bytes: Buffer): boolean {
  const characters = bytes.toString('utf8').match(/[^\x00-\x7F]/gu) ?? [];
  const wrong = characters.filter((character) => character === '\uFFFD').length;
  return wrong * 10 < characters.length;
}

function mixedEncodings(encoding: string): IngestionError {
  return new IngestionError(
    'unknown_encoding',
    `The file is ${encoding.toUpperCase()} text but also holds bytes of another encoding. Save it as UTF-8 and upload it again.`,
  );
}

function binaryData(): IngestionError {
  return new IngestionError('unknown_encoding', 'The file holds binary data, not text.');
}

function unknownEncoding(): IngestionError {
  return new IngestionError(
    'unknown_encoding',
    'The character encoding of the file cannot be told for certain. Save it as UTF-8 and upload it again.',
  );
}
