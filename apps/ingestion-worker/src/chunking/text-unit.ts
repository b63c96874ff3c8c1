import { type Block, type BlockKind, type BlockLocator } from '../parsing/parsed-document.js';
import { fragmentSpans } from './fragments.js';
import { lineSpans, sentenceSpans, type Span } from './sentences.js';

/** The smallest part of a document that chunks are made of: a sentence, a row, a line of code, a heading. */
export interface TextUnit {
  text: string;
  /** What stands between this unit and the one before it. */
  separator: string;
  /** Of the text with its separator. */
  tokens: number;
  /** Where it comes from. */
  block: Omit<Block, 'text'>;
  locator: BlockLocator;
  /** Counts headings: units with the same number stand under the same heading. */
  section: number;
  /** False for a part of a sentence or row that is too long for one chunk. */
  isWhole: boolean;
}

/** Texts longer than this are cut without being counted: tokenizers are slow on what is long and strange. */
const MAX_CHARS_PER_TOKEN = 8;
const ALWAYS_COUNTED_CHARS = 4_000;
const MAX_SEPARATOR_CHARS = 16;

/** Cuts blocks into units, in order, each at most `maxTokens` long. Tokens are counted once per unit. */
export class UnitReader {
  readonly #maxTokens: number;
  readonly #countableChars: number;
  readonly #countTokens: (text: string) => number;
  #section = 0;
  #previous: BlockKind | undefined;

  constructor(maxTokens: number, countTokens: (text: string) => number) {
    this.#maxTokens = maxTokens;
    this.#countableChars = Math.max(maxTokens * MAX_CHARS_PER_TOKEN, ALWAYS_COUNTED_CHARS);
    this.#countTokens = countTokens;
  }

  *unitsOf(block: Block): Generator<TextUnit> {
    if (block.kind === 'heading') this.#section++;
    let separator = this.#separatorBefore(block);
    this.#previous = block.kind;
    const { text: _, ...origin } = block;
    let end = 0;
    for (const [index, span] of spansOf(block).entries()) {
      if (end > 0) separator = boundedSeparator(block.text.slice(end, span.start));
      const text = block.text.slice(span.start, span.end);
      const unit = {
        text,
        separator,
        block: origin,
        locator: locatorAt(block, index),
        section: this.#section,
        isWhole: true,
      };
      const tokens = text.length <= this.#countableChars ? this.#countTokens(separator + text) : Infinity;
      if (tokens <= this.#maxTokens) yield { ...unit, tokens };
      else yield* fragmentsOf(unit, this.#maxTokens, this.#countTokens);
      end = span.end;
    }
  }

  #separatorBefore(block: Block): string {
    if (this.#previous === undefined) return '';
    if (block.separator !== undefined) return block.separator;
    const isSeries = this.#previous === block.kind && (block.kind === 'list-item' || block.kind === 'table-row');
    return isSeries ? '\n' : '\n\n';
  }
}

/** Parts of a unit that is too long as a whole. */
export function* fragmentsOf(
  unit: Omit<TextUnit, 'tokens'>,
  maxTokens: number,
  countTokens: (text: string) => number,
): Generator<TextUnit> {
  let end = 0;
  for (const span of fragmentSpans(unit.text, maxTokens, countTokens)) {
    const text = unit.text.slice(span.start, span.end);
    const separator = end === 0 ? unit.separator : boundedSeparator(unit.text.slice(end, span.start));
    yield { ...unit, text, separator, tokens: countTokens(separator + text), isWhole: false };
    end = span.end;
  }
}

function boundedSeparator(space: string): string {
  if (space.length <= MAX_SEPARATOR_CHARS) return space;
  return space.includes('\n') ? '\n\n' : ' ';
}

function spansOf({ kind, text }: Block): Span[] {
  if (kind === 'code' || kind === 'table-row') return lineSpans(text);
  if (kind === 'heading') return [{ start: 0, end: text.length }];
  return sentenceSpans(text);
}

/** The lines of a block of rows are one row each. */
function locatorAt({ locator }: Block, line: number): BlockLocator {
  if (locator.row === undefined || locator.rowEnd === undefined) return locator;
  return { ...locator, row: locator.row + line, rowEnd: locator.row + line };
}
