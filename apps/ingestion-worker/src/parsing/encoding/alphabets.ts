/**
 * The letters beyond a–z that a language writes. A decoding is believed only when the letters it yields belong to one
 * language: `è`, `ø` and `ì` together are no language at all, but Czech read with the wrong code page.
 */
const LETTERS = {
  german: 'äöüßéèêàçñ',
  french: 'àâæçéèêëîïôœùûüÿ',
  spanish: 'áéíñóúüç',
  catalan: 'àçéèíïòóúü',
  italian: 'àèéìíîòóùú',
  portuguese: 'áâãàçéêíóôõúü',
  dutch: 'áàäçéèêëïíóöôúü',
  swedish: 'åäöéàüæø',
  danish: 'æøåéèöäüó',
  icelandic: 'áðéíóúýþæö',
  estonian: 'äõöüšž',
  finnish: 'åäöõ',
  english: 'éèêëïíñóöüáâàäôçå',
  englishWithNames: 'éèêëïíîñóòôöõøúùûüáàâãäåæçß',
  albanian: 'çë',
  czech: 'áčďéěíňóřšťúůýž',
  slovak: 'áäčďéíĺľňóôŕšťúýž',
  polish: 'ąćęłńóśźż',
  hungarian: 'áéíóöőúüű',
  romanian: 'ăâîşţșț',
  croatian: 'čćđšž',
  turkish: 'çğıöşüâîûi̇',
  lithuanian: 'ąčęėįšųūž',
  latvian: 'āčēģīķļņšūžōŗ',
} as const;

export type Language = keyof typeof LETTERS;

const WESTERN = [
  'german',
  'french',
  'spanish',
  'catalan',
  'italian',
  'portuguese',
  'dutch',
  'swedish',
  'finnish',
  'danish',
  'icelandic',
  'english',
  'albanian',
] as const satisfies readonly Language[];
const CENTRAL = [
  'czech',
  'slovak',
  'polish',
  'hungarian',
  'romanian',
  'croatian',
  'german',
] as const satisfies readonly Language[];
const TURKISH = ['turkish', 'german', 'french'] as const satisfies readonly Language[];
const BALTIC = ['lithuanian', 'latvian', 'estonian', 'polish', 'german'] as const satisfies readonly Language[];

/** The languages that were written in a code page of the Latin script. */
export const LATIN_ENCODINGS: Readonly<Record<string, readonly Language[]>> = {
  'windows-1252': WESTERN,
  'iso-8859-15': WESTERN,
  macintosh: WESTERN,
  cp850: WESTERN,
  'windows-1250': CENTRAL,
  'iso-8859-2': CENTRAL,
  cp852: CENTRAL,
  'windows-1254': TURKISH,
  'windows-1257': BALTIC,
  'iso-8859-13': BALTIC,
  'iso-8859-4': BALTIC,
};

const alphabets = new Map(
  Object.entries(LETTERS).map(([language, letters]) => [language, new Set(letters.normalize('NFC'))]),
);

/** The share of `letters` that the best fitting of the languages writes, 0 to 1. */
export function alphabetFit(letters: readonly string[], languages: readonly Language[]): number {
  let best = 0;
  for (const language of languages) {
    const alphabet = alphabets.get(language);
    const known = letters.filter((letter) => alphabet?.has(letter)).length;
    best = Math.max(best, known / letters.length);
  }
  return best;
}
