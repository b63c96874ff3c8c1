import { type TextUnit } from './text-unit.js';

export interface PackedUnits {
  units: readonly TextUnit[];
  /** How many of the units at the start are only context: overlap, or the header of a table. */
  contextUnits: number;
}

export interface PackerOptions {
  maxTokens: number;
  overlapTokens: number;
  countTokens: (text: string) => number;
}

/** A section shorter than this share of a chunk shares its chunk with the next one. */
const LEAST_SECTION_SHARE = 0.25;
/** The header of a table begins each chunk of the table, unless it would fill it. */
const MOST_HEADER_SHARE = 0.25;

/** Fills chunks with units, in order, by the sum of their tokens. */
export class ChunkPacker {
  readonly #options: PackerOptions;
  readonly #emit: (packed: PackedUnits) => void;
  #units: TextUnit[] = [];
  #contextUnits = 0;
  #tokens = 0;
  #freshTokens = 0;
  #header: TextUnit | undefined;

  constructor(options: PackerOptions, emit: (packed: PackedUnits) => void) {
    this.#options = options;
    this.#emit = emit;
  }

  add(unit: TextUnit): void {
    const { maxTokens } = this.#options;
    if (this.#beginsSection(unit)) this.close();
    else if (this.#freshTokens > 0 && this.#tokens + unit.tokens > maxTokens) this.#closeBefore(unit);
    while (this.#contextUnits > 0 && this.#tokens + unit.tokens > maxTokens) this.#dropContext();
    if (this.#units.length === 0) this.#repeatHeader(unit);
    this.#units.push(unit);
    this.#tokens += unit.tokens;
    this.#freshTokens += unit.tokens;
  }

  /** Hands on what was added since the last chunk. */
  close(): void {
    if (this.#freshTokens > 0) this.#emit({ units: this.#units, contextUnits: this.#contextUnits });
    this.#startWith([]);
  }

  #beginsSection(unit: TextUnit): boolean {
    const isFirstHeading = unit.block.kind === 'heading' && this.#units.at(-1)?.block.kind !== 'heading';
    return isFirstHeading && this.#freshTokens >= this.#options.maxTokens * LEAST_SECTION_SHARE;
  }

  /** Headings at the end go with what follows them; running text goes on with its last sentences. */
  #closeBefore(next: TextUnit): void {
    const headings: TextUnit[] = [];
    while (this.#units.length > this.#contextUnits + 1 && this.#units.at(-1)?.block.kind === 'heading') {
      headings.unshift(this.#units.pop() as TextUnit);
    }
    const closed = this.#units;
    this.close();
    if (headings.length === 0) this.#startWith(overlapBefore(next, closed, this.#options.overlapTokens));
    for (const heading of headings) this.add(heading);
  }

  #startWith(context: TextUnit[]): void {
    this.#units = context;
    this.#contextUnits = context.length;
    this.#tokens = context.reduce((sum, { tokens }) => sum + tokens, 0);
    this.#freshTokens = 0;
  }

  #dropContext(): void {
    this.#tokens -= this.#units.shift()?.tokens ?? 0;
    this.#contextUnits--;
  }

  #repeatHeader(row: TextUnit): void {
    const { maxTokens, countTokens } = this.#options;
    const text = row.block.header;
    if (text === undefined || text.length > maxTokens * 4) return;
    if (this.#header?.text !== text)
      this.#header = { ...row, text, separator: '', tokens: countTokens(`${text}\n`), isWhole: true };
    const { tokens } = this.#header;
    if (tokens <= maxTokens * MOST_HEADER_SHARE && tokens + row.tokens <= maxTokens)
      this.#startWith([{ ...this.#header, block: row.block }]);
  }
}

/** The last whole sentences of the same section. Rows need no context, and fragments give none. */
function overlapBefore(next: TextUnit, closed: readonly TextUnit[], overlapTokens: number): TextUnit[] {
  if (isRow(next)) return [];
  let tokens = 0;
  let start = closed.length;
  for (let unit = closed[start - 1]; unit && canOverlap(unit, next); unit = closed[start - 1]) {
    tokens += unit.tokens;
    if (tokens > overlapTokens) break;
    start--;
  }
  return closed.slice(start);
}

function canOverlap(unit: TextUnit, next: TextUnit): boolean {
  return unit.isWhole && unit.section === next.section && !isRow(unit) && unit.block.kind !== 'heading';
}

function isRow({ block }: TextUnit): boolean {
  return block.kind === 'table-row';
}
