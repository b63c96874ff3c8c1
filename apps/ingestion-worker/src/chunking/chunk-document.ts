import { type Block } from '../parsing/parsed-document.js';
import { ChunkPacker, type PackedUnits, type PackerOptions } from './chunk-packer.js';
import { type ChunkLocator, renderUnits } from './render-units.js';
import { textUnits } from './text-unit.js';

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
  return [...streamChunks(document, options)];
}

/**
 * Cuts a document into chunks: at headings where there are any, then between paragraphs, sentences and rows, and inside
 * them only when one alone is too long. Running text overlaps by whole sentences; rows stand for themselves.
 * The same document and options give the same chunks; the time is linear in the text. Large documents take seconds: a
 * caller that must stay responsive pauses between chunks.
 * @throws RangeError for options out of range
 */
export function streamChunks(document: { blocks: Iterable<Block> }, options: ChunkOptions): Generator<Chunk> {
  const { maxTokens = 800, overlapTokens = 400, countTokens } = options;
  if (!(maxTokens >= 1)) throw new RangeError('maxTokens must be at least 1.');
  if (!(overlapTokens >= 0 && overlapTokens <= maxTokens / 2)) {
    throw new RangeError('overlapTokens must be between 0 and half of maxTokens.');
  }
  return packedChunks(document.blocks, { maxTokens, overlapTokens, countTokens });
}

function* packedChunks(blocks: Iterable<Block>, options: PackerOptions): Generator<Chunk> {
  let ordinal = 0;
  let packed: PackedUnits[] = [];
  const packer = new ChunkPacker(options, (units) => packed.push(units));
  const takeChunks = function* (): Generator<Chunk> {
    const ready = packed;
    packed = [];
    for (const units of ready)
      for (const rendered of renderUnits(units, options)) yield { ordinal: ordinal++, ...rendered };
  };
  for (const unit of textUnits(blocks, options.maxTokens, options.countTokens)) {
    packer.add(unit);
    yield* takeChunks();
  }
  packer.close();
  yield* takeChunks();
}
