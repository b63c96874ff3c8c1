import { cleanCode, cleanText } from './clean-text.js';
import { IngestionError } from './ingestion-error.js';
import {
  type Block,
  BLOCK_OVERHEAD_CHARS,
  type BlockKind,
  type BlockLocator,
  MAX_BLOCK_CHARS,
} from './parsed-document.js';
import { splitBlock } from './split-block.js';

const MAX_HEADING_CHARS = 200;
const WORDS = /[\p{L}\p{N}]/u;

/** A block as a parser sees it: raw text, and the place as far as the format has one. */
export interface BlockDraft {
  kind: BlockKind;
  text: string;
  level?: number | undefined;
  header?: string | undefined;
  page?: number | undefined;
  pageEnd?: number | undefined;
  row?: number | undefined;
  rowEnd?: number | undefined;
}

/** What becomes of what a parser finds. */
export interface BlockSink {
  block(block: Block): void;
  /** @param share of the file that is read, 0 to 1 */
  progress?(share: number): void;
}

/** Takes what parsers find, in reading order: cleans it, adds the headings above it, keeps to the limits. */
export class BlockWriter {
  readonly #sink: BlockSink;
  readonly #maxTextChars: number;
  #chars = 0;
  #reservedChars = 0;
  #hasWords = false;
  #path: { level: number; text: string }[] = [];
  #headings: string[] | undefined;

  constructor(maxTextChars: number, sink: BlockSink) {
    this.#maxTextChars = maxTextChars;
    this.#sink = sink;
  }

  /** For parsers of large files: how far they are, as often as they like. */
  progress(done: number, total: number): void {
    this.#sink.progress?.(total > 0 ? done / total : 1);
  }

  /** Whether any letter or digit was written. */
  get hasWords(): boolean {
    return this.#hasWords;
  }

  /** For a document within this one, under the same limit; what it yields is not written here. */
  nested(sink: BlockSink): BlockWriter {
    return new BlockWriter(this.#maxTextChars, sink);
  }

  /** @throws IngestionError `too_large` above the limit. */
  write(draft: BlockDraft): void {
    const text = draft.kind === 'code' ? cleanCode(draft.text) : cleanText(draft.text);
    if (text === '') return;
    this.#chars += text.length + BLOCK_OVERHEAD_CHARS;
    this.#refuseAbove(this.#chars);
    this.#hasWords ||= WORDS.test(text);
    if (draft.kind === 'heading') this.#enterSection(draft.level ?? 1, text);
    const block = {
      kind: draft.kind,
      text,
      ...(draft.level === undefined ? {} : { level: draft.level }),
      ...(draft.header && draft.header.length <= MAX_BLOCK_CHARS ? { header: cleanText(draft.header) } : {}),
      locator: this.#locator(draft),
    };
    for (const part of splitBlock(block)) this.#sink.block(part);
  }

  /**
   * For parsers that must hold text back before they write it.
   * @throws IngestionError `too_large` when that text could never be written.
   */
  reserve(chars: number): void {
    this.#reservedChars += chars;
    this.#refuseAbove(this.#reservedChars);
  }

  #refuseAbove(chars: number): void {
    if (chars <= this.#maxTextChars) return;
    const limit = this.#maxTextChars.toLocaleString('en');
    throw new IngestionError(
      'too_large',
      `The document holds more than ${limit} characters of text. Split it into smaller files.`,
    );
  }

  #enterSection(level: number, text: string): void {
    this.#path = this.#path.filter((heading) => heading.level < level);
    this.#path.push({ level, text: text.replace(/\n/g, ' ').slice(0, MAX_HEADING_CHARS) });
    this.#headings = this.#path.map((heading) => heading.text);
  }

  #locator({ page, pageEnd, row, rowEnd }: BlockDraft): BlockLocator {
    return {
      ...(page === undefined ? {} : { page }),
      ...(pageEnd === undefined || pageEnd === page ? {} : { pageEnd }),
      ...(row === undefined ? {} : { row }),
      ...(rowEnd === undefined || rowEnd === row ? {} : { rowEnd }),
      ...(this.#headings ? { headings: this.#headings } : {}),
    };
  }
}
