import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Injectable } from '@nestjs/common';
import { type Lease } from '@parley/knowledge';
import { countTokens } from '@parley/llm';
import { type ChunkFile, writeChunkFile } from '../chunking/chunk-file.js';
import { readBlockFile } from '../parsing/block-file.js';
import { IngestionError } from '../parsing/ingestion-error.js';
import { parseFile } from '../parsing/parse-file.js';
import { type ParsedFile } from '../parsing/parsed-document.js';
import { IngestionConfig } from './ingestion.config.js';
import { type Original } from './originals.js';

/** OpenAI's `auto`. */
const AUTO_CHUNKING = { maxChunkSizeTokens: 800, chunkOverlapTokens: 400 };

export interface Reading {
  folder: string;
  signal: AbortSignal;
  /** Told the share of the original that is read, 0 to 1. */
  onProgress: (share: number) => void;
}

/** What was read, cut into chunks. */
export interface ReadDocument extends ChunkFile {
  parsed: ParsedFile;
}

/** The second step: original → blocks → chunks, each a file in the attempt's folder; what is done with is removed. */
@Injectable()
export class DocumentReader {
  constructor(private readonly config: IngestionConfig) {}

  /** @throws IngestionError when there is nothing to index, the signal's reason on abort */
  async read(original: Original, { chunking }: Lease, { folder, signal, onProgress }: Reading): Promise<ReadDocument> {
    const limits = this.config.parseLimits;
    const blocksPath = join(folder, 'blocks');
    const parsed = await parseFile({ ...original, blocksPath, signal, onProgress }, limits);
    await rm(original.path);
    const { maxChunkSizeTokens: maxTokens, chunkOverlapTokens: overlapTokens } = chunking ?? AUTO_CHUNKING;
    const { pageLabels } = parsed;
    const options = { maxTokens, overlapTokens, countTokens, maxBytes: limits.maxSpoolBytes, signal, pageLabels };
    const chunks = await writeChunkFile(join(folder, 'chunks'), readBlockFile(blocksPath), options);
    await rm(blocksPath);
    if (chunks.chunkCount === 0) throw new IngestionError('no_text', 'The file holds no text.');
    return { ...chunks, parsed };
  }
}
