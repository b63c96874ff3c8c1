import iconv from 'iconv-lite';

const BYTE_ORDER_MARKS: readonly { mark: readonly number[]; encoding: string }[] = [
  { mark: [0xef, 0xbb, 0xbf], encoding: 'utf-8' },
  { mark: [0xff, 0xfe, 0x00, 0x00], encoding: 'utf-32le' },
  { mark: [0x00, 0x00, 0xfe, 0xff], encoding: 'utf-32be' },
  { mark: [0xff, 0xfe], encoding: 'utf-16le' },
  { mark: [0xfe, 0xff], encoding: 'utf-16be' },
];

const SAMPLE_BYTES = 64 * 1024;
const SCRIPTS = ['Latin', 'Cyrillic', 'Greek', 'Hebrew', 'Arabic', 'Thai', 'Devanagari', 'Hangul'].map(
  (script) => new RegExp(`\\p{sc=${script}}`, 'gu'),
);
const EAST_ASIAN = /[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}]/gu;

/** The encoding that the byte order mark names, and the length of the mark. */
export function byteOrderMark(bytes: Buffer): { encoding: string; length: number } | undefined {
  const found = BYTE_ORDER_MARKS.find(({ mark }) => mark.every((byte, index) => bytes[index] === byte));
  return found && { encoding: found.encoding, length: found.mark.length };
}

/** UTF-16 or UTF-32 without a byte order mark: zero bytes, which no other text holds, and sense when read so. */
export function wideEncoding(bytes: Buffer): string | undefined {
  const sample = bytes.subarray(0, Math.min(SAMPLE_BYTES, bytes.length - (bytes.length % 4)));
  const zeros = [0, 0, 0, 0];
  let printable = 0;
  for (let index = 0; index < sample.length; index++) {
    const byte = sample[index] ?? 0;
    if (byte === 0) zeros[index % 4] = (zeros[index % 4] ?? 0) + 1;
    else if (byte >= 0x20 && byte < 0x7f) printable++;
  }
  if (printable > sample.length * 0.9) return undefined;
  const [first = 0, second = 0, third = 0, fourth = 0] = zeros;
  if (first + second + third + fourth === 0) return undefined;
  const units = sample.length / 4;
  const utf16 = second + fourth > first + third ? ['utf-16le', 'utf-16be'] : ['utf-16be', 'utf-16le'];
  const candidates = [
    ...(third === units && fourth === units ? ['utf-32le'] : []),
    ...(first === units && second === units ? ['utf-32be'] : []),
    ...utf16,
  ];
  return candidates.find((encoding) => readsAsOneScript(decodeUnicode(sample, encoding)));
}

/** Undefined when the bytes are not in that encoding. An incomplete last character is a file cut short and left out. */
export function decodeUnicode(bytes: Buffer, encoding: string): string | undefined {
  if (encoding.startsWith('utf-32')) {
    const text = iconv.decode(bytes, encoding);
    return text.includes('\uFFFD') ? undefined : text;
  }
  try {
    const text = new TextDecoder(encoding, { fatal: true, ignoreBOM: true }).decode(bytes, { stream: true });
    return encoding === 'utf-8' && endsLikeAnotherEncoding(bytes, text) ? undefined : text;
  } catch {
    return undefined;
  }
}

/** A lone last byte above 0x7F after nothing but ASCII is a letter of a legacy encoding. */
function endsLikeAnotherEncoding(bytes: Buffer, text: string): boolean {
  return Buffer.byteLength(text) < bytes.length && text.length === Buffer.byteLength(text);
}

function readsAsOneScript(text: string | undefined): boolean {
  if (!text || /[\p{Cn}\p{Co}]/u.test(text)) return false;
  const controls = text.match(/[\0-\x08\x0B\x0E-\x1F]/g)?.length ?? 0;
  if (controls > text.length * 0.02) return false;
  const letters = text.match(/\p{L}/gu)?.length ?? 0;
  const largest = Math.max(...[...SCRIPTS, EAST_ASIAN].map((script) => text.match(script)?.length ?? 0));
  return letters === 0 ? /[0-9]/.test(text) : largest >= letters * 0.8;
}
