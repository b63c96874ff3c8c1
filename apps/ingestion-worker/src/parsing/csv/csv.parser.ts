import { Readable } from 'node:stream';
import { parse } from 'csv-parse';
import { type BlockWriter } from '../block-writer.js';
import { cleanText } from '../clean-text.js';
import { type DocumentFacts, type DocumentSource } from '../document-parser.js';
import { decodeText } from '../encoding/decode-text.js';
import { type CsvDialect, detectDialect } from './csv-dialect.js';
import { headerIndex } from './csv-header.js';

const SAMPLE_RECORDS = 50;
const MAX_BLOCK_ROWS = 50;
const MAX_BLOCK_CHARS = 8_000;
const PIECE_CHARS = 64 * 1024;

/** One line per row, each cell after the name of its column: a row makes sense without its table. */
export async function parseCsv({ bytes }: DocumentSource, out: BlockWriter): Promise<DocumentFacts> {
  const { text } = decodeText(bytes);
  const dialect = detectDialect(text);
  const rows = new RowWriter(out);
  const onProgress = (done: number): void => out.progress(done, text.length);
  for await (const record of recordsOf(text, dialect, onProgress)) rows.add(record as string[]);
  rows.end();
  return {};
}

function recordsOf(
  text: string,
  { delimiter, quoted, start }: CsvDialect,
  onProgress: (chars: number) => void,
): AsyncIterable<unknown> {
  const parser = parse({
    delimiter,
    quote: quoted ? '"' : null,
    record_delimiter: ['\r\n', '\n', '\r'],
    relax_quotes: true,
    relax_column_count: true,
  });
  return Readable.from(pieces(text, start, onProgress), { objectMode: false }).pipe(parser);
}

/** Piece by piece, because the whole text a second time, as bytes, would be too much of large files. */
function* pieces(text: string, from: number, onProgress: (chars: number) => void): Generator<Buffer> {
  for (let start = from; start < text.length;) {
    const limit = start + PIECE_CHARS;
    const end = /[\uD800-\uDBFF]/.test(text[limit - 1] ?? '') ? limit - 1 : limit;
    yield Buffer.from(text.slice(start, end));
    onProgress(end);
    start = end;
  }
}

/** Holds the first records back until they tell which of them is the header. */
class RowWriter {
  readonly #out: BlockWriter;
  #sample: string[][] | undefined = [];
  #names: string[] | undefined;
  #row = 0;
  /** Written together, from #firstRow on. */
  #lines: string[] = [];
  #lineChars = 0;
  #firstRow = 1;

  constructor(out: BlockWriter) {
    this.#out = out;
  }

  add(record: string[]): void {
    if (!this.#sample) this.#addRow(record);
    else if (this.#sample.push(record) === SAMPLE_RECORDS) this.#readSample();
  }

  end(): void {
    this.#readSample();
    this.#writeLines();
  }

  #readSample(): void {
    const sample = this.#sample ?? [];
    this.#sample = undefined;
    const header = headerIndex(sample);
    for (const [index, record] of sample.entries()) {
      this.#addRow(record);
      if (index === header) this.#names = record.map(oneLine);
    }
  }

  #addRow(record: string[]): void {
    this.#row++;
    const cells = record.map((cell, column) => {
      const value = oneLine(cell);
      const name = this.#names?.[column];
      return value !== '' && name ? `${name}: ${value}` : value;
    });
    const line = cells.filter((cell) => cell !== '').join('; ');
    if (line === '') return this.#writeLines();
    if (this.#lines.length === 0) this.#firstRow = this.#row;
    this.#lines.push(line);
    this.#lineChars += line.length;
    if (this.#lines.length === MAX_BLOCK_ROWS || this.#lineChars >= MAX_BLOCK_CHARS) this.#writeLines();
  }

  /** Rows that follow each other share a block: a million small rows are not a million blocks. */
  #writeLines(): void {
    const rowEnd = this.#firstRow + this.#lines.length - 1;
    this.#out.write({ kind: 'table-row', text: this.#lines.join('\n'), row: this.#firstRow, rowEnd });
    this.#lines = [];
    this.#lineChars = 0;
  }
}

function oneLine(cell: string): string {
  return cleanText(cell).replaceAll('\n', ' ');
}
