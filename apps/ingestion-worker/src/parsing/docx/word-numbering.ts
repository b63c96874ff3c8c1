import { readXml } from './word-xml.js';

interface NumberingLevel {
  start: number;
  format: string;
  /** `%1.%2)`: each place stands for the number of that level. */
  pattern: string;
}

interface Numbering {
  abstractId: string;
  /** Levels that begin anew when this numbering is first used. */
  restarts: Map<number, number>;
}

const MAX_LEVEL = 8;
const ROMAN = [
  [1000, 'm'],
  [900, 'cm'],
  [500, 'd'],
  [400, 'cd'],
  [100, 'c'],
  [90, 'xc'],
  [50, 'l'],
  [40, 'xl'],
  [10, 'x'],
  [9, 'ix'],
  [5, 'v'],
  [4, 'iv'],
  [1, 'i'],
] as const;

/** Counts the list items of a document as Word does: the numbers are not in the file. */
export class WordNumbering {
  readonly #abstracts: ReadonlyMap<string, ReadonlyMap<number, NumberingLevel>>;
  readonly #numberings: ReadonlyMap<string, Numbering>;
  readonly #counters = new Map<string, number[]>();
  readonly #used = new Set<string>();

  private constructor(
    abstracts: ReadonlyMap<string, ReadonlyMap<number, NumberingLevel>>,
    numberings: ReadonlyMap<string, Numbering>,
  ) {
    this.#abstracts = abstracts;
    this.#numberings = numberings;
  }

  static async read(part: AsyncIterable<Buffer>): Promise<WordNumbering> {
    const abstracts = new Map<string, Map<number, NumberingLevel>>();
    const numberings = new Map<string, Numbering>();
    let levels = new Map<number, NumberingLevel>();
    let level: NumberingLevel = { start: 1, format: 'decimal', pattern: '' };
    let numbering: Numbering | undefined;
    let overridden = 0;
    await readXml(part, {
      open(element) {
        const value = element.attribute('val') ?? '';
        if (element.name === 'w:abstractNum') {
          levels = new Map();
          abstracts.set(element.attribute('abstractNumId') ?? '', levels);
        } else if (element.name === 'w:lvl') {
          level = { start: 1, format: 'decimal', pattern: '' };
          if (!numbering) levels.set(Number(element.attribute('ilvl')), level);
        } else if (element.name === 'w:start') level.start = Number(value);
        else if (element.name === 'w:numFmt') level.format = value;
        else if (element.name === 'w:lvlText') level.pattern = value;
        else if (element.name === 'w:num') {
          numbering = { abstractId: '', restarts: new Map() };
          numberings.set(element.attribute('numId') ?? '', numbering);
        } else if (element.name === 'w:abstractNumId' && numbering) numbering.abstractId = value;
        else if (element.name === 'w:lvlOverride') overridden = Number(element.attribute('ilvl'));
        else if (element.name === 'w:startOverride') numbering?.restarts.set(overridden, Number(value));
      },
      close(name) {
        if (name === 'w:num') numbering = undefined;
      },
    });
    return new WordNumbering(abstracts, numberings);
  }

  /** The label of the next item, such as `2.1.` or `-`; undefined when the numbering does not exist. */
  next(numberingId: string, level: number): string | undefined {
    const numbering = this.#numberings.get(numberingId);
    const levels = numbering && this.#abstracts.get(numbering.abstractId);
    if (!levels || !(level >= 0 && level <= MAX_LEVEL)) return undefined;
    const counters = this.#counters.get(numbering.abstractId) ?? [];
    this.#counters.set(numbering.abstractId, counters);
    if (!this.#used.has(numberingId)) {
      this.#used.add(numberingId);
      for (const [restarted, start] of numbering.restarts) counters[restarted] = start - 1;
    }
    counters[level] = (counters[level] ?? (levels.get(level)?.start ?? 1) - 1) + 1;
    counters.length = level + 1;
    return labelOf(level, levels, counters);
  }
}

function labelOf(level: number, levels: ReadonlyMap<number, NumberingLevel>, counters: readonly number[]): string {
  const { format, pattern } = levels.get(level) ?? { format: 'bullet', pattern: '' };
  if (format === 'bullet') return '-';
  if (format === 'none') return '';
  return pattern.replace(/%([1-9])/g, (_, place: string) => {
    const index = Number(place) - 1;
    const own = levels.get(index);
    return formatNumber(counters[index] ?? own?.start ?? 1, own?.format ?? 'decimal');
  });
}

function formatNumber(value: number, format: string): string {
  if (value < 1 || value > 9999) return String(value);
  if (format === 'lowerRoman') return roman(value);
  if (format === 'upperRoman') return roman(value).toUpperCase();
  if (format === 'lowerLetter') return letters(value);
  if (format === 'upperLetter') return letters(value).toUpperCase();
  if (format === 'decimalZero') return String(value).padStart(2, '0');
  return String(value);
}

function roman(value: number): string {
  let rest = value;
  let text = '';
  for (const [worth, numeral] of ROMAN) {
    while (rest >= worth) {
      text += numeral;
      rest -= worth;
    }
  }
  return text;
}

/** a to z, then aa to zz, as Word counts. */
function letters(value: number): string {
  return String.fromCharCode(97 + ((value - 1) % 26)).repeat(Math.ceil(value / 26));
}
