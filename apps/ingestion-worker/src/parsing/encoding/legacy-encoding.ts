import { analyse } from 'chardet';
import iconv from 'iconv-lite';
import { type Language } from './alphabets.js';
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

/** Encodings the detector does not know, or mistakes for others: believed only when no other reading makes sense. */
const LAST_RESORT = ['cp866', 'koi8-u', 'maccyrillic', 'macintosh', 'cp850', 'cp852', 'windows-1250', 'windows-874'];

/** A reading much less likely than the best one is not what the text is, even if it makes words. */
const WORTHY_SHARE = 0.5;
/** From this confidence on, the detector's language is right, and the letters have to be that language's. */
const SURE = 75;
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
 * sense. Undefined when nothing does, or several things do.
 * @param sample lines that hold bytes above 0x7F
 */
export function detectLegacyEncoding(sample: Buffer): string | undefined {
  const matches = analyse(sample);
  const likeliest = matches[0];
  if (!likeliest) return undefined;
  const language = likeliest.confidence >= SURE ? LANGUAGES[likeliest.lang ?? ''] : undefined;
  const readAs = (encoding: string): string => iconv.decode(sample, encoding);
  const isSensible = (encoding: string): boolean => isPlausible(readAs(encoding), encoding, language);
  for (const { name, confidence } of matches) {
    if (confidence === 0 || confidence < likeliest.confidence * WORTHY_SHARE) continue;
    const readings = (READINGS[name] ?? [])
      .filter(isSensible)
      .map((encoding) => ({ encoding, odd: oddShare(readAs(encoding)) }));
    const [best] = readings.sort((one, other) => one.odd - other.odd);
    if (best) return best.encoding;
  }
  const others = LAST_RESORT.filter(isSensible);
  return new Set(others.map(readAs)).size === 1 ? others[0] : undefined;
}
