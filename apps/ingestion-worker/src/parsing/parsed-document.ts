export type BlockKind = 'heading' | 'paragraph' | 'list-item' | 'table-row' | 'code';

/** Where a block stands in its document, for citations. All numbers count from 1. */
export interface BlockLocator {
  page?: number;
  /** Set when a paragraph runs on to a later page. */
  pageEnd?: number;
  /** The row as a spreadsheet shows it: the header is row 1. */
  row?: number;
  /** Set when the block holds several rows, one per line. */
  rowEnd?: number;
  /** The headings above the block, outermost first; of a heading, itself included. */
  headings?: string[];
}

/** A piece of a document that belongs together: clean text in NFC, without control characters, never empty. */
export interface Block {
  kind: BlockKind;
  text: string;
  /** Depth of a heading (0 is the document's title) or of a nested list item (from 1). */
  level?: number;
  /** Of a table row: the header of its table, written like the row. */
  header?: string;
  /** Of a later part of a text that is too long for one block: what stands between the part before and this one. */
  separator?: string;
  locator: BlockLocator;
}

/** What is known of a file besides its blocks. */
export interface ParsedFile {
  /** By content, not by name. */
  contentType: string;
  /** BCP 47, as the document declares it. */
  language?: string;
  pageCount?: number;
  /** What is printed on each page as its number, where that is not its position for all of them. */
  pageLabels?: string[];
  /** Of a page that was read as an article, as far as it says. */
  article?: ArticleFacts;
}

export interface ArticleFacts {
  title?: string;
  byline?: string;
  /** ISO 8601 */
  publishedAt?: string;
}

export interface ParseLimits {
  maxFileBytes: number;
  /** UTF-16 code units of all blocks together; a block counts BLOCK_OVERHEAD_CHARS more than its text. */
  maxTextChars: number;
  /** Of a PDF. */
  maxPages: number;
  /** Wall clock, from the start of the process. */
  timeoutMs: number;
  maxCpuSeconds: number;
  /** Of the parser process: heap and buffers together. */
  maxMemoryMb: number;
  /** Of each file that is written on the way from the document to its chunks. */
  maxSpoolBytes: number;
}

/** Longer texts come as several blocks: whoever handles blocks handles a bounded one at a time. */
export const MAX_BLOCK_CHARS = 16_000;

/** What a block costs besides its text, so that millions of one-letter blocks are not cheap. */
export const BLOCK_OVERHEAD_CHARS = 32;

/** Room for three bytes per character, overlaps, and the names and headings that go with each block and chunk. */
export const SPOOL_BYTES_PER_CHAR = 12;
const MAX_TEXT_CHARS = 32_000_000;

export const DEFAULT_PARSE_LIMITS: ParseLimits = {
  maxFileBytes: 64 * 1024 * 1024,
  maxTextChars: MAX_TEXT_CHARS,
  maxPages: 20_000,
  maxSpoolBytes: MAX_TEXT_CHARS * SPOOL_BYTES_PER_CHAR,
  timeoutMs: 120_000,
  maxCpuSeconds: 60,
  maxMemoryMb: 512,
};
