import { type Block } from '../parsing/parsed-document.js';
import { ChunkPacker, type PackedUnits, type PackerOptions } from './chunk-packer.js';
import { type ChunkLocator, renderUnits } from './render-units.js';
import { UnitReader } from './text-unit.js';

/** A passage of a document, as it is embedded, searched and quoted. */
export interface Chunk {
  /** From 0, in the order of the document. */
  ordinal: number;
  text: string;
  tokenCount: number;
  locator: ChunkLocator;
}

export interface ChunkOptions {
  /** At least 1. */
  maxTokens?: number;
  /** At most half of maxTokens. 0 for none. */
  overlapTokens?: number;
  countTokens: (text: string) => number;
}

/** All chunks of a document at once. */
export function chunkDocument(document: { blocks: Iterable<Block> }, options: ChunkOptions): Chunk[] {
  const chunker = new Chunker(options);
  return [...document.blocks].flatMap((block) => [...chunker.add(block)]).concat(...chunker.end());
}

/**
 * Cuts a document into chunks as its blocks come in: at headings where there are any, then between paragraphs, sentences
 * and rows, and inside them only when one alone is too long. Running text overlaps by whole sentences; rows stand for
 * themselves. The same blocks and options give the same chunks; the time is linear in the text, and no more of it is held
 * than makes one chunk.
 */
export class Chunker {
  readonly #options: PackerOptions;
  readonly #units: UnitReader;
  readonly #packer: ChunkPacker;
  #packed: PackedUnits[] = [];
  #ordinal = 0;

  /** @throws RangeError for options out of range */
  constructor({ maxTokens = 800, overlapTokens = 400, countTokens }: ChunkOptions) {
    if (!(maxTokens >= 1)) throw new RangeError('maxTokens must be at least 1.');
    if (!(overlapTokens >= 0 && overlapTokens <= maxTokens / 2)) {
      throw new RangeError('overlapTokens must be between 0 and half of maxTokens.');
    }
    this.#options = { maxTokens, overlapTokens, countTokens };
    this.#units = new UnitReader(maxTokens, countTokens);
    this.#packer = new ChunkPacker(this.#options, (units) => this.#packed.push(units));
  }

  /** The chunks that are complete once this block has come. */
  *add(block: Block): Generator<Chunk> {
    for (const unit of this.#units.unitsOf(block)) {
      this.#packer.add(unit);
      yield* this.#takeChunks();
    }
  }

  /** What remains at the end of the document. */
  *end(): Generator<Chunk> {
    this.#packer.close();
    yield* this.#takeChunks();
  }

  *#takeChunks(): Generator<Chunk> {
    const ready = this.#packed;
    if (ready.length === 0) return;
    this.#packed = [];
    for (const units of ready)
      for (const rendered of renderUnits(units, this.#options)) yield { ordinal: this.#ordinal++, ...rendered };
  }
}
