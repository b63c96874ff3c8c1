import { type PageLine } from './paragraph.js';

const LEAST_RATIO = 1.15;
const MAX_CHARS = 200;
const MAX_LINES = 4;
const MAX_LEVEL = 6;
/** `3.1 Traces`: two numbers at least, because one alone also begins items of lists. */
const SECTION_NUMBER = /^(\d{1,2}(?:\.\d{1,2}){1,4})\.?\s+\p{Lu}(?!.*[.;,]$)/u;

/** Tells headings by their size, or by a section number in a font of their own: a PDF does not mark them. */
export class HeadingStyle {
  readonly #bodySize: number;
  readonly #bodyFont: string;
  /** Sizes above the body's, largest first. */
  readonly #sizes: number[];

  constructor(lines: readonly PageLine[]) {
    const sizes = charsBy(lines, ({ fontSize }) => rounded(fontSize));
    this.#bodySize = mostFrequent(sizes) ?? 0;
    this.#bodyFont = mostFrequent(charsBy(lines, ({ font }) => font)) ?? '';
    this.#sizes = [...sizes.keys()]
      .filter((size) => size >= this.#bodySize * LEAST_RATIO)
      .sort((one, other) => other - one);
  }

  /** 1 for the largest letters; undefined for text that is no heading. */
  levelOf(lines: readonly PageLine[], text: string): number | undefined {
    const size = rounded(lines[0]?.fontSize ?? 0);
    if (text.length > MAX_CHARS || lines.length > MAX_LINES || !/\p{L}{2}/u.test(text)) return undefined;
    if (size >= this.#bodySize * LEAST_RATIO) return Math.min(this.#sizes.indexOf(size) + 1, MAX_LEVEL);
    const number = lines[0]?.font === this.#bodyFont ? undefined : SECTION_NUMBER.exec(text)?.[1];
    return number === undefined ? undefined : Math.min(this.#sizes.length + number.split('.').length - 1, MAX_LEVEL);
  }
}

function charsBy<Key>(lines: readonly PageLine[], keyOf: (line: PageLine) => Key): Map<Key, number> {
  const chars = new Map<Key, number>();
  for (const line of lines) chars.set(keyOf(line), (chars.get(keyOf(line)) ?? 0) + line.text.length);
  return chars;
}

function mostFrequent<Key>(chars: ReadonlyMap<Key, number>): Key | undefined {
  return [...chars].sort(([, one], [, other]) => other - one)[0]?.[0];
}

function rounded(size: number): number {
  return Math.round(size * 2) / 2;
}
