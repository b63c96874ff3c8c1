import { analyse } from 'chardet';
import iconv from 'iconv-lite';
import { LATIN_ENCODINGS, type Language } from './alphabets.js';
import { isPlausible, oddShare } from './plausible-text.js';

/** What the detector's names may stand for: supersets and close relatives that it cannot tell apart. */
const READINGS: Readonly<Record<string, readonly string[]>> = {
  'ISO-8859-1': ['windows-1252', 'iso-8859-15'],
  'windows-1252': ['windows-1252', 'iso-8859-15'],
  'ISO-8859-2': ['iso-8859-2', 'windows-1250'],
  'windows-1250': ['windows-1250', 'iso-8859-2'],
  'ISO-8859-5': ['iso-8859-5'],
  'ISO-8859-6': ['iso-8859-6'],
  'ISO-8859-7': ['iso-8859-7', 'windows-1253'],
  'windows-1253': ['windows-1253', 'iso-8859-7'],
  'ISO-8859-8': ['windows-1255'],
  'windows-1255': ['windows-1255'],
  'ISO-8859-9': ['windows-1254'],
  'windows-1254': ['windows-1254'],
  'windows-1251': ['windows-1251', 'maccyrillic'],
  'windows-1256': ['windows-1256'],
  'windows-1257': ['windows-1257', 'iso-8859-13'],
  'windows-874': ['windows-874'],
  'KOI8-R': ['koi8-r', 'koi8-u'],
  Shift_JIS: ['shift_jis'],
  Big5: ['big5'],
  'EUC-JP': ['euc-jp'],
  'EUC-KR': ['euc-kr'],
  GB18030: ['gb18030'],
};

/** What text is kept in today, by the names of the decoder. */
const COMMON = [...new Set(Object.values(READINGS).flat()), 'iso-8859-4'];
/** Encodings the detector does not know, or mistakes for others: believed only when no other reading makes sense. */
const LAST_RESORT = ['cp866', 'koi8-u', 'maccyrillic', 'macintosh', 'cp850', 'cp852', 'windows-1250', 'windows-874'];

/** A reading much less likely than the best one is not what the text is, even if it makes words. */
const WORTHY_SHARE = 0.5;
/** From this confidence on, the detector's language is right, and the letters have to be that language's. */
const SURE = 75;
/** With fewer bytes beyond ASCII than that, statistics do not decide between two readings that both make sense. */
const TELLING_BYTES = 24;
/** Less in another script than the Latin one may be anything. */
const LEAST_FOREIGN_BYTES = 16;
const LANGUAGES: Readonly<Record<string, Language>> = {
  da: 'danish',
  de: 'german',
  en: 'english',
  es: 'spanish',
  fr: 'french',
  it: 'italian',
  nl: 'dutch',
  pt: 'portuguese',
  sv: 'swedish',
};

/**
 * The encoding of text that is not Unicode: what the detector finds likely, in that order, if the text then makes
 * sense. Undefined when nothing does, or several things do and there is too little of it to tell which.
 * @param sample lines that hold bytes above 0x7F
 */
export function detectLegacyEncoding(sample: Buffer): string | undefined {
  const found = likeliestReading(sample);
  const isLatin = found !== undefined && found in LATIN_ENCODINGS;
  return isLatin || hasBeyondAscii(sample, LEAST_FOREIGN_BYTES) ? found : undefined;
}

function likeliestReading(sample: Buffer): string | undefined {
  const matches = analyse(sample);
  const likeliest = matches[0];
  if (!likeliest) return undefined;
  const detected = likeliest.confidence >= SURE ? LANGUAGES[likeliest.lang ?? ''] : undefined;
  const language = isEnglish(sample) ? 'englishWithNames' : detected;
  const readAs = (encoding: string): string => iconv.decode(sample, encoding);
  const isSensible = (encoding: string): boolean => isPlausible(readAs(encoding), encoding, language);
  const isOne = (encodings: readonly string[]): boolean => new Set(encodings.map(readAs)).size === 1;
  const sensible = COMMON.filter(isSensible);
  const isTelling = language !== undefined || hasBeyondAscii(sample, TELLING_BYTES);
  if (sensible.length > 0 && !isTelling && !isOne(sensible)) return undefined;
  for (const { name, confidence } of matches) {
    if (confidence === 0 || confidence < likeliest.confidence * WORTHY_SHARE) continue;
    const readings = (READINGS[name] ?? [])
      .filter((encoding) => sensible.includes(encoding))
      .map((encoding) => ({ encoding, odd: oddShare(readAs(encoding)) }));
    const [best] = readings.sort((one, other) => one.odd - other.odd);
    if (best) return best.encoding;
  }
  const others = LAST_RESORT.filter(isSensible);
  return isOne(others) ? others[0] : undefined;
}

/** By its commonest words, which are ASCII: a foreign name or two tell no statistics. */
function isEnglish(sample: Buffer): boolean {
  const words = sample.toString('latin1').match(/[a-z]+/gi) ?? [];
  const common = words.filter((word) => /^(?:the|of|and|to|is|was|for|that|with)$/i.test(word)).length;
  return common >= 2 && common > words.length * 0.08;
}

function hasBeyondAscii(sample: Buffer, bytes: number): boolean {
  let count = 0;
  for (const byte of sample) if (byte >= 0x80 && ++count >= bytes) return true;
  return false;
}
