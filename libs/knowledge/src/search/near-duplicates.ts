import { wordsOf } from '../analysis/words.js';

const SHINGLE_WORDS = 3;
/** A changed word touches three shingles: of 100 words two may differ. */
const CONTAINED = 0.9;
const HAS_DIGIT = /\p{Nd}/u;

/** A hit that stands for others, best first. */
export interface Distinct<T> {
  hit: T;
  duplicates: T[];
}

/**
 * Leaves out what adds nothing to a better hit: nine tenths of its shingles (Broder 1997) and all of its words with
 * digits are there already, as in a copy of a file, or in the tail of a chunk that overlaps. So a short text is covered
 * by a longer one, but never the other way round, and a table of other figures is another text.
 * @param hits best first
 */
export function withoutNearDuplicates<T>(hits: readonly T[], textOf: (hit: T) => string): Distinct<T>[] {
  const kept: (Distinct<T> & { print: Fingerprint })[] = [];
  for (const hit of hits) {
    const print = fingerprintOf(textOf(hit));
    const better = kept.find((other) => isCovered(print, other.print));
    if (better) better.duplicates.push(hit);
    else kept.push({ hit, duplicates: [], print });
  }
  return kept.map(({ hit, duplicates }) => ({ hit, duplicates }));
}

interface Fingerprint {
  shingles: ReadonlySet<string>;
  figures: ReadonlySet<string>;
}

function fingerprintOf(text: string): Fingerprint {
  const words = Array.from(wordsOf(text), (word) => word.text);
  const shingles = new Set<string>();
  const size = Math.min(SHINGLE_WORDS, words.length);
  for (let start = 0; start + size <= words.length && size > 0; start++) {
    shingles.add(words.slice(start, start + size).join(' '));
  }
  // A text without words is the same as no other.
  if (size === 0) shingles.add(text);
  return { shingles, figures: new Set(words.filter((word) => HAS_DIGIT.test(word))) };
}

function isCovered(worse: Fingerprint, better: Fingerprint): boolean {
  if (better.shingles.size < worse.shingles.size * CONTAINED) return false;
  for (const figure of worse.figures) if (!better.figures.has(figure)) return false;
  let common = 0;
  for (const shingle of worse.shingles) if (better.shingles.has(shingle)) common++;
  return common >= worse.shingles.size * CONTAINED;
}
