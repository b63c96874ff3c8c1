import { type FileHandle, open } from 'node:fs/promises';
import { IngestionError } from '../parsing/ingestion-error.js';
import { readJsonLines } from '../parsing/json-lines.js';
import { type Block } from '../parsing/parsed-document.js';
import { type Chunk, Chunker, type ChunkOptions } from './chunk-document.js';

const PIECE_CHARS = 64 * 1024;
/** No chunk comes near: 4,096 tokens of some characters each, and its headings. */
const MAX_LINE_BYTES = 4 * 1024 * 1024;

/** The chunks of a document on disk, as lines of JSON: their number is known, and few are in memory at a time. */
export interface ChunkFile {
  path: string;
  chunkCount: number;
}

export interface ChunkFileOptions extends ChunkOptions {
  maxBytes: number;
  signal: AbortSignal;
  /** What is printed on each page, see `ParsedFile`. */
  pageLabels?: readonly string[] | undefined;
}

/**
 * Cuts the blocks of a document into chunks, and lets everything else in this process have its turn after each piece.
 * @throws IngestionError `too_large` when the chunks take more than `maxBytes`, the signal's reason on abort
 */
export async function writeChunkFile(
  path: string,
  blocks: AsyncIterable<Block>,
  { maxBytes, signal, pageLabels, ...options }: ChunkFileOptions,
): Promise<ChunkFile> {
  const chunker = new Chunker(options);
  const file = await open(path, 'w');
  const lines = new ChunkLines(file, maxBytes);
  try {
    for await (const block of blocks) {
      for (const chunk of chunker.add(block)) lines.add(labelled(chunk, pageLabels));
      await lines.write(PIECE_CHARS);
      signal.throwIfAborted();
    }
    for (const chunk of chunker.end()) lines.add(labelled(chunk, pageLabels));
    await lines.write();
    return { path, chunkCount: lines.count };
  } finally {
    await file.close();
  }
}

/** The chunks in order, `size` at a time. */
export async function* readChunkFile({ path }: ChunkFile, size: number): AsyncGenerator<Chunk[]> {
  let batch: Chunk[] = [];
  for await (const chunk of readJsonLines(path, MAX_LINE_BYTES)) {
    if (batch.push(chunk as Chunk) < size) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

function labelled(chunk: Chunk, labels: readonly string[] = []): Chunk {
  const { pageStart = 0, pageEnd = pageStart } = chunk.locator;
  const [start, end] = [labels[pageStart - 1], labels[pageEnd - 1]];
  if (start === undefined || end === undefined) return chunk;
  return { ...chunk, locator: { ...chunk.locator, pageLabels: [start, end] } };
}

class ChunkLines {
  count = 0;
  readonly #file: FileHandle;
  readonly #maxBytes: number;
  #text = '';
  #bytes = 0;

  constructor(file: FileHandle, maxBytes: number) {
    this.#file = file;
    this.#maxBytes = maxBytes;
  }

  add(chunk: Chunk): void {
    this.#text += `${JSON.stringify(chunk)}\n`;
    this.count++;
  }

  /** Writes what has come together if it is more than `chars`. */
  async write(chars = 0): Promise<void> {
    if (this.#text.length <= chars) return;
    const bytes = Buffer.from(this.#text);
    this.#text = '';
    this.#bytes += bytes.length;
    if (this.#bytes > this.#maxBytes) {
      throw new IngestionError('too_large', 'The document makes more chunks than can be indexed.');
    }
    await this.#file.writeFile(bytes);
  }
}
