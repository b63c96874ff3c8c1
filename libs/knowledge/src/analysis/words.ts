/** Letters of scripts that do not put spaces between words. */
const UNSPACED = String.raw`\p{scx=Han}\p{scx=Hiragana}\p{scx=Katakana}\p{scx=Hangul}\p{scx=Thai}\p{scx=Lao}\p{scx=Khmer}\p{scx=Myanmar}`;
const WORD_CHARACTER = String.raw`\p{L}\p{N}\p{M}`;
const SPACED_WORD = String.raw`[[${WORD_CHARACTER}]--[${UNSPACED}]]+`;
const RUNS = new RegExp(
  String.raw`(?<unspaced>[[${WORD_CHARACTER}]&&[${UNSPACED}]]+)|${SPACED_WORD}(?:'${SPACED_WORD})*`,
  'gv',
);
const CHARACTERS = /\P{M}\p{M}*|\p{M}+/gu;
const APOSTROPHES = /[’ʼ＇]/g;

export interface Word {
  text: string;
  /** A pair of characters from a script without spaces: not a word that could be stemmed. */
  pair: boolean;
}

/**
 * Words of letters, digits and marks after NFKC and lower-casing; apostrophes inside a word are kept. Chinese, Japanese,
 * Korean, Thai, Lao, Khmer and Burmese give overlapping pairs of characters.
 */
export function* wordsOf(text: string, locale?: string): Generator<Word> {
  const normalized = text.normalize('NFKC').toLocaleLowerCase(locale).replace(APOSTROPHES, "'");
  for (const match of normalized.matchAll(RUNS)) {
    if (match.groups?.unspaced === undefined) yield { text: match[0], pair: false };
    else for (const pair of pairsOf(match[0])) yield { text: pair, pair: true };
  }
}

function pairsOf(run: string): string[] {
  const characters = run.match(CHARACTERS) ?? [];
  if (characters.length < 2) return characters;
  return characters.slice(1).map((character, index) => characters[index] + character);
}

/** Whether most of a text is of scripts without spaces, known by pairs of characters. */
export function isMostlyUnspaced(text: string): boolean {
  let balance = 0;
  for (const { pair } of wordsOf(text)) balance += pair ? 1 : -1;
  return balance > 0;
}
