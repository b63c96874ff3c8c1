const HYPHEN_AT_END = /[\p{L}]([-\u00AD\u2010])$/u;
const STARTS_WITH_LETTER = /^\p{L}/u;
const LAST_WORD = /[\p{L}\p{N}]+(?:[-\u2010][\p{L}\p{N}]+)*[-\u00AD\u2010]$/u;
const FIRST_WORD = /^[\p{L}\p{N}]+/u;
const WORDS = /[\p{L}\p{N}]+(?:[-\u2010][\p{L}\p{N}]+)*/gu;
const EAST_ASIAN = /[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\u3000-\u303F\uFF00-\uFFEF]/u;

/** The words of the document but those parted at a line's end: they tell which hyphens belong to a word. */
export function vocabularyOf(lines: readonly { text: string }[]): Set<string> {
  const words = new Set<string>();
  let isParted = false;
  for (const { text } of lines) {
    const whole = (isParted ? text.replace(FIRST_WORD, '') : text).replace(LAST_WORD, '');
    for (const [word] of whole.matchAll(WORDS)) words.add(word.toLowerCase().replace('\u2010', '-'));
    isParted = LAST_WORD.test(text);
  }
  return words;
}

/** One line of text out of several: words parted at the end of a line are whole again. */
export function joinLines(lines: readonly { text: string }[], vocabulary: ReadonlySet<string>): string {
  let joined = '';
  for (const { text } of lines) joined = joined === '' ? text : join(joined, text, vocabulary);
  return joined;
}

function join(before: string, after: string, vocabulary: ReadonlySet<string>): string {
  if (HYPHEN_AT_END.test(before.slice(-3)) && STARTS_WITH_LETTER.test(after)) {
    return isPartedWord(before, after, vocabulary) ? before.slice(0, -1) + after : before + after;
  }
  if (/[\p{L}\p{N}][-/\u2010]$/u.test(before.slice(-3)) && /^[\p{L}\p{N}]/u.test(after)) return before + after;
  return EAST_ASIAN.test(before.slice(-1)) && EAST_ASIAN.test(after.slice(0, 1))
    ? before + after
    : `${before} ${after}`;
}

/** Whether a hyphen at the end of a line only parts a word; otherwise it belongs to it, as in `type-stable`. */
function isPartedWord(before: string, after: string, vocabulary: ReadonlySet<string>): boolean {
  const head = LAST_WORD.exec(before.slice(-80))?.[0].slice(0, -1).toLowerCase() ?? '';
  const tail = FIRST_WORD.exec(after.slice(0, 80))?.[0].toLowerCase() ?? '';
  if (vocabulary.has(`${head}-${tail}`)) return false;
  if (vocabulary.has(head + tail)) return true;
  const areWords = head.length > 2 && tail.length > 2 && vocabulary.has(head) && vocabulary.has(tail);
  return /^\p{Ll}/u.test(after) && !head.includes('-') && !areWords;
}
