const IRREGULAR = new Map(
  Object.entries({
    skis: 'ski',
    skies: 'sky',
    dying: 'die',
    lying: 'lie',
    tying: 'tie',
    idly: 'idl',
    gently: 'gentl',
    ugly: 'ugli',
    early: 'earli',
    only: 'onli',
    singly: 'singl',
  }),
);
const INVARIANT = new Set(['sky', 'news', 'howe', 'atlas', 'cosmos', 'bias', 'andes']);
const INVARIANT_AFTER_PLURAL = new Set([
  'inning',
  'outing',
  'canning',
  'herring',
  'earring',
  'proceed',
  'exceed',
  'succeed',
]);
/** Words whose first region starts behind this prefix, whatever the rule says. */
const FIRST_REGION_PREFIX = /^(gener|commun|arsen)/;

const DERIVATIONAL = new Map(
  Object.entries({
    ization: 'ize',
    ational: 'ate',
    fulness: 'ful',
    ousness: 'ous',
    iveness: 'ive',
    tional: 'tion',
    biliti: 'ble',
    lessli: 'less',
    entli: 'ent',
    ation: 'ate',
    alism: 'al',
    aliti: 'al',
    ousli: 'ous',
    iviti: 'ive',
    fulli: 'ful',
    enci: 'ence',
    anci: 'ance',
    abli: 'able',
    izer: 'ize',
    ator: 'ate',
    alli: 'al',
    bli: 'ble',
  }),
);
const NOMINAL = new Map(
  Object.entries({
    ational: 'ate',
    tional: 'tion',
    alize: 'al',
    icate: 'ic',
    iciti: 'ic',
    ical: 'ic',
    ful: '',
    ness: '',
  }),
);

const VOWEL = /[aeiouy]/;
const ENDS_IN_DOUBLE = /(bb|dd|ff|gg|mm|nn|pp|rr|tt)$/;
const ENDS_IN_SHORT_SYLLABLE = /(^|.*[^aeiouy])[aeiouy][^aeiouywxY]$|^[aeiouy][^aeiouy]$/;

const DERIVATIONAL_SUFFIX = suffixPattern(DERIVATIONAL.keys());
const NOMINAL_SUFFIX = suffixPattern([...NOMINAL.keys(), 'ative']);
const RESIDUAL_SUFFIX = suffixPattern(
  'ement ment ance ence able ible ent ant ism ate iti ous ive ize ion al er ic'.split(' '),
);

/** Regular expressions try alternatives in order: the longest suffix has to come first. */
function suffixPattern(suffixes: Iterable<string>): RegExp {
  return new RegExp(`(${[...suffixes].sort((a, b) => b.length - a.length).join('|')})$`);
}

/** Start of the region behind the first non-vowel that follows a vowel, counted from `from`. */
function regionAfter(word: string, from: number): number {
  const match = /[aeiouy][^aeiouy]/.exec(word.slice(from));
  return match === null ? word.length : from + match.index + 2;
}

/**
 * The English Snowball stemmer (Porter2) for one lower-case word.
 * Source: https://snowballstem.org/algorithms/english/stemmer.html
 */
export function stemEnglish(input: string): string {
  if (input.length <= 2) return input;
  const irregular = IRREGULAR.get(input);
  if (irregular !== undefined) return irregular;
  if (INVARIANT.has(input)) return input;

  let word = input.replace(/^'/, '').replace(/^y|(?<=[aeiouy])y/g, 'Y');
  const prefix = FIRST_REGION_PREFIX.exec(word);
  const r1 = prefix ? prefix[0].length : regionAfter(word, 0);
  const r2 = regionAfter(word, r1);

  word = stripPlural(word.replace(/'(s'?)?$/, ''));
  if (INVARIANT_AFTER_PLURAL.has(word)) return word;
  word = stripPastAndGerund(word, r1);
  word = word.replace(/(?<=.[^aeiouy])[yY]$/, 'i');
  word = replaceDerivationalSuffix(word, r1);
  word = replaceNominalSuffix(word, r1, r2);
  word = stripResidualSuffix(word, r2);
  return stripFinalLetter(word, r1, r2).toLowerCase();
}

function stripPlural(word: string): string {
  if (word.endsWith('sses')) return word.slice(0, -2);
  if (/ie[sd]$/.test(word)) return word.slice(0, word.length > 4 ? -2 : -1);
  if (/(us|ss)$/.test(word)) return word;
  return /[aeiouy].+s$/.test(word) ? word.slice(0, -1) : word;
}

function stripPastAndGerund(word: string, r1: number): string {
  const suffix = /(eedly|ingly|edly|eed|ing|ed)$/.exec(word)?.[0];
  if (suffix === undefined) return word;
  const stem = word.slice(0, -suffix.length);
  if (suffix.startsWith('ee')) return stem.length >= r1 ? `${stem}ee` : word;
  if (!VOWEL.test(stem)) return word;
  if (/(at|bl|iz)$/.test(stem)) return `${stem}e`;
  if (ENDS_IN_DOUBLE.test(stem)) return stem.slice(0, -1);
  return r1 >= stem.length && ENDS_IN_SHORT_SYLLABLE.test(stem) ? `${stem}e` : stem;
}

function replaceDerivationalSuffix(word: string, r1: number): string {
  const suffix = DERIVATIONAL_SUFFIX.exec(word)?.[0];
  if (suffix !== undefined) {
    const stem = word.slice(0, -suffix.length);
    return stem.length >= r1 ? stem + DERIVATIONAL.get(suffix) : word;
  }
  if (/logi$/.test(word)) return word.length - 3 >= r1 ? word.slice(0, -1) : word;
  return /[cdeghkmnrt]li$/.test(word) && word.length - 2 >= r1 ? word.slice(0, -2) : word;
}

function replaceNominalSuffix(word: string, r1: number, r2: number): string {
  const suffix = NOMINAL_SUFFIX.exec(word)?.[0];
  if (suffix === undefined) return word;
  const stem = word.slice(0, -suffix.length);
  if (suffix === 'ative') return stem.length >= r2 ? stem : word;
  return stem.length >= r1 ? stem + NOMINAL.get(suffix) : word;
}

function stripResidualSuffix(word: string, r2: number): string {
  const suffix = RESIDUAL_SUFFIX.exec(word)?.[0];
  if (suffix === undefined) return word;
  const stem = word.slice(0, -suffix.length);
  if (stem.length < r2) return word;
  return suffix === 'ion' && !/[st]$/.test(stem) ? word : stem;
}

function stripFinalLetter(word: string, r1: number, r2: number): string {
  const stem = word.slice(0, -1);
  if (word.endsWith('e')) {
    if (stem.length >= r2) return stem;
    return stem.length >= r1 && !ENDS_IN_SHORT_SYLLABLE.test(stem) ? stem : word;
  }
  return word.endsWith('ll') && stem.length >= r2 ? stem : word;
}
