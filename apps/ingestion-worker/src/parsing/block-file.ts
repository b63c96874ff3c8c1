import { IngestionError } from './ingestion-error.js';
import { JsonLines, readJsonLines } from './json-lines.js';
import { type Block, MAX_BLOCK_CHARS } from './parsed-document.js';

/** Headings are written when they change, not with every block. */
type BlockLine = { headings: string[] } | { block: Block };

/** A block with its header, in the longest form that JSON and UTF-8 can give it, and its locator. */
const MAX_LINE_BYTES = 2 * 6 * MAX_BLOCK_CHARS + 64 * 1024;

/** The blocks of a document on their way from the parser process to the worker, as lines of JSON in a file. */
export class BlockFileWriter {
  readonly #lines: JsonLines;
  #headings: readonly string[] | undefined;

  constructor(write: (piece: Buffer) => void) {
    this.#lines = new JsonLines(write);
  }

  add(block: Block): void {
    const { headings, ...locator } = block.locator;
    if (headings && headings !== this.#headings) this.#lines.add({ headings } satisfies BlockLine);
    this.#headings = headings;
    this.#lines.add({ block: { ...block, locator } } satisfies BlockLine);
  }

  end(): void {
    this.#lines.flush();
  }
}

/**
 * The blocks of such a file, a few in memory at a time. It was written by a process that handles hostile files, so its
 * size is not trusted: the kernel bounds the file, and this the line.
 * @throws IngestionError `parser_crashed` when the file is not as it should be
 */
export async function* readBlockFile(path: string): AsyncGenerator<Block> {
  let headings: string[] | undefined;
  let header: string | undefined;
  try {
    for await (const value of readJsonLines(path, MAX_LINE_BYTES)) {
      const line = value as BlockLine;
      if ('headings' in line) {
        headings = line.headings;
        continue;
      }
      const { block } = line;
      if (headings) block.locator.headings = headings;
      // All rows of a table hold the same string, not a copy each.
      if (block.header !== undefined) block.header = header = block.header === header ? header : block.header;
      yield block;
    }
  } catch (error) {
    if (error instanceof RangeError || error instanceof SyntaxError || error instanceof TypeError) {
      throw new IngestionError('parser_crashed', 'The document made its reader crash.', { cause: error });
    }
    throw error;
  }
}
