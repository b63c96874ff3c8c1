import iconv from 'iconv-lite';
import { alphabetFit, LATIN_ENCODINGS, type Language } from './alphabets.js';

/** What a wrong decoding leaves inside a word, and a right one hardly ever does. */
const ODD_WORDS: readonly RegExp[] = [
  /\p{L}[\u2500-\u25FF]|[\u2500-\u25FF]\p{L}/u,
  /[\p{sc=Latin}\p{sc=Cyrillic}\p{sc=Greek}][¡-©«-´¶¸¹»-¿×÷†‡ˆ˜‰‹›€ƒ™“”„‚…][\p{sc=Latin}\p{sc=Cyrillic}\p{sc=Greek}]/u,
  /[\p{sc=Latin}\p{sc=Cyrillic}\p{sc=Greek}](?:[¡¿¢¥¦¬¼½¾¶¸¨ˆ˜‡‚„]|[ªº]\p{L})/u,
  /(?<!\p{L})[¹²³¼½¾]\p{Ll}/u,
  /[§‡†£¢¶•][§‡†£¢¶•„]|[§‡†£¢¶•„“”‘’–—]{3}/u,
  // Marks of Thai above and below stand on a letter, one vowel at a time.
  /^[\u0E31\u0E34-\u0E3A\u0E47-\u0E4E]|[\u0E31\u0E34-\u0E39]{2}/u,
  /\p{L}[≠≤≥∞∂∑∏∫√≈∆◊]\p{L}|\p{sc=Cyrillic}[£§†•≠≤≥]/u,
  /\p{sc=Latin}{2}[–—]\p{sc=Latin}(?!\p{L})/u,
  /(?![a-z][A-Z])\p{Ll}\p{M}*\p{Lu}/u,
  /\p{sc=Latin}[\p{sc=Han}\p{sc=Hangul}\uFF61-\uFF9F]\p{sc=Latin}/u,
  /\p{sc=Latin}\p{sc=Cyrillic}|\p{sc=Cyrillic}\p{sc=Latin}|\p{sc=Latin}\p{sc=Greek}|\p{sc=Greek}\p{sc=Latin}/u,
  /[\p{sc=Latin}\p{sc=Cyrillic}\p{sc=Greek}][\p{sc=Hebrew}\p{sc=Arabic}\p{sc=Thai}]/u,
  /[\p{sc=Hebrew}\p{sc=Arabic}\p{sc=Thai}][\p{sc=Latin}\p{sc=Cyrillic}\p{sc=Greek}]/u,
  /^ß|^[ьъЬЪ]|ς\p{L}|σ(?!\p{L})/u,
  /[םןףץ]\p{L}|\p{L}[כמנפצ](?![\p{L}'"׳״])|[ةى]\p{L}/u,
];

/** What no text holds: undecodable bytes, control codes, private characters, and the place of the euro sign. */
const NEVER = /[\uFFFD\u0080-\u009F\uE000-\uF8FF¤]/u;

/** Letters that make up much of every text in the script, with the share they must reach. */
const FREQUENT: readonly { script: RegExp; letters: RegExp; share: number }[] = [
  { script: /\p{sc=Cyrillic}/u, letters: /[оеаинтсрвлі]/iu, share: 0.5 },
  { script: /\p{sc=Greek}/u, letters: /[αειοηντσςάέήίόύώ]/iu, share: 0.55 },
  { script: /\p{sc=Hebrew}/u, letters: /[יוהלאתמרבםנש]/u, share: 0.6 },
  { script: /\p{sc=Arabic}/u, letters: /[اليمنرتوبهةأ]/u, share: 0.6 },
  { script: /\p{sc=Thai}/u, letters: /[านรอกเงมยลวดทสตะปค]/u, share: 0.6 },
];

/** Names and code in a right decoding look odd, too. */
const TOLERATED_ODD_SHARE = 0.04;
const ENOUGH_LETTERS = 20;
const LEAST_SHOUT = 4;

/** Letters of Serbian and Macedonian, which never meet those of Russian and Bulgarian in one text, nor come without `ј`. */
const SOUTH_SLAVIC = /[ЂЃЉЊЌЋЏђѓљњќћџ]/u;
const EAST_SLAVIC = /[ыъэщюя]/iu;
const SOUTH_SLAVIC_J = /ј/iu;

/** How many words hold what a wrong decoding leaves in them, as a share of the words beyond ASCII. */
export function oddShare(text: string): number {
  if (NEVER.test(text)) return 1;
  const words = text.match(/\S*[^\x00-\x7F]\S*/gu) ?? [];
  const isSouthSlavic = SOUTH_SLAVIC_J.test(text) && !EAST_SLAVIC.test(text);
  const patterns = isSouthSlavic ? ODD_WORDS : [...ODD_WORDS, SOUTH_SLAVIC];
  const odd = words.filter((word) => patterns.some((pattern) => pattern.test(word))).length;
  return odd / Math.max(1, words.length);
}

/** Whether too many words are odd. */
export function hasOddWords(text: string): boolean {
  return oddShare(text) > TOLERATED_ODD_SHARE;
}

/**
 * Whether the text reads like a language written in that encoding, and not like another encoding's bytes.
 * With `language`, for text in Latin letters, like that language.
 */
export function isPlausible(text: string, encoding: string, language?: Language): boolean {
  if (hasOddWords(text) || isShouted(text)) return false;
  const letters = text.toLowerCase().match(/(?![\x00-\x7Fªºµ])\p{L}/gu) ?? [];
  if (encoding in IDEOGRAPHIC) return !hasSpacedIdeographs(text) && isPlausibleCjk(letters, encoding);
  if (letters.length === 0) return encoding === 'windows-1252';
  const languages = LATIN_ENCODINGS[encoding];
  if (!languages) return isPlausibleScript(letters);
  return alphabetFit(letters, language ? [language] : languages) >= (letters.length < ENOUGH_LETTERS ? 1 : 0.95);
}

/**
 * Whether the letters of a script with capitals, Latin excepted, are almost all capitals. Small letters of one encoding are
 * capitals of another, and so are Hebrew and Arabic.
 */
function isShouted(text: string): boolean {
  const letters = text.match(/[\p{sc=Cyrillic}\p{sc=Greek}]/gu) ?? [];
  const capitals = letters.filter((letter) => letter !== letter.toLowerCase()).length;
  return letters.length >= LEAST_SHOUT && capitals > letters.length * 0.8;
}

function isPlausibleScript(letters: readonly string[]): boolean {
  return FREQUENT.some(({ script, letters: frequent, share }) => {
    const own = letters.filter((letter) => script.test(letter));
    if (own.length < letters.length * 0.95) return false;
    return own.filter((letter) => frequent.test(letter)).length >= own.length * share;
  });
}

/** The rows of each character set that hold the characters in daily use: [first, last] lead byte. */
const IDEOGRAPHIC: Readonly<Record<string, { rows: readonly [number, number]; needs?: RegExp }>> = {
  gb18030: { rows: [0xb0, 0xd7] },
  big5: { rows: [0xa4, 0xc6] },
  'euc-kr': { rows: [0xb0, 0xc8], needs: /\p{sc=Hangul}/u },
  shift_jis: { rows: [0x88, 0x97], needs: /[\p{sc=Hiragana}\u30A1-\u30FC]/u },
  'euc-jp': { rows: [0xb0, 0xcf], needs: /[\p{sc=Hiragana}\u30A1-\u30FC]/u },
};

/** Chinese and Japanese have no spaces between words; the letters of other scripts, read so, keep theirs. */
function hasSpacedIdeographs(text: string): boolean {
  const spaces = text.match(/(?<=\p{sc=Han}) (?=\p{sc=Han})/gu)?.length ?? 0;
  return spaces > (text.match(/\p{sc=Han}/gu)?.length ?? 0) * 0.15;
}

const dailyCharacters = new Map<string, Set<string>>();

function isPlausibleCjk(letters: readonly string[], encoding: string): boolean {
  const needs = IDEOGRAPHIC[encoding]?.needs;
  const required = needs ? letters.filter((letter) => needs.test(letter)).length : 0;
  if (needs && required < letters.length * 0.15) return false;
  const ideographs = letters.filter((letter) => /[\p{sc=Han}\p{sc=Hangul}]/u.test(letter));
  if (ideographs.length + required < letters.length * 0.9) return false;
  const daily = dailyCharactersOf(encoding);
  return ideographs.filter((letter) => daily.has(letter)).length >= ideographs.length * 0.9;
}

function dailyCharactersOf(encoding: string): Set<string> {
  let daily = dailyCharacters.get(encoding);
  if (!daily) {
    const [first, last] = IDEOGRAPHIC[encoding]?.rows ?? [1, 0];
    const bytes: number[] = [];
    for (let lead = first; lead <= last; lead++) for (let trail = 0x40; trail <= 0xfe; trail++) bytes.push(lead, trail);
    daily = new Set(iconv.decode(Buffer.from(bytes), encoding));
    dailyCharacters.set(encoding, daily);
  }
  return daily;
}
