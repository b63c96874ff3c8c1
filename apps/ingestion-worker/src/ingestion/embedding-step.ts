import { Injectable } from '@nestjs/common';
import { ChunkWriter, type EmbeddingSpace, type Lease, WrittenChunks } from '@parley/knowledge';
import { type Chunk } from '../chunking/chunk-document.js';
import { type ChunkFile, readChunkFile } from '../chunking/chunk-file.js';
import { SpaceEmbedder } from './space-embedder.js';

/** As many as go into one request to an embedding model. */
const CHUNKS_PER_BATCH = 256;

export interface Embedding {
  signal: AbortSignal;
  /** Told how many of the chunks are written. */
  onProgress: (written: number) => Promise<void>;
}

/** The third step: chunks → embeddings → rows, one batch in memory at a time. */
@Injectable()
export class EmbeddingStep {
  constructor(
    private readonly embedder: SpaceEmbedder,
    private readonly writer: ChunkWriter,
    private readonly written: WrittenChunks,
  ) {}

  /**
   * What an earlier attempt at the same version has embedded and written is not embedded again.
   * @throws EmbeddingError when the provider failed, LeaseLostError, DomainError when the database failed, the signal's
   * reason on abort
   */
  async run(lease: Lease, chunkFile: ChunkFile, { signal, onProgress }: Embedding): Promise<void> {
    const space = await this.embedder.spaceOf(lease);
    const isResumed = lease.language !== null;
    let done = 0;
    for await (const chunks of readChunkFile(chunkFile, CHUNKS_PER_BATCH)) {
      const missing = isResumed ? await this.written.missing(lease, space, chunks) : chunks;
      done += chunks.length - missing.length;
      if (missing.length === 0) await onProgress(done);
      for await (const count of this.#embedAndWrite(lease, space, missing, signal)) await onProgress((done += count));
    }
  }

  /** @returns the number of chunks of each batch, once it is written */
  async *#embedAndWrite(
    lease: Lease,
    space: EmbeddingSpace,
    chunks: readonly Chunk[],
    signal: AbortSignal,
  ): AsyncGenerator<number> {
    const texts = chunks.map(({ text }) => text);
    for await (const { offset, vectors } of this.embedder.embed(space, texts, signal)) {
      signal.throwIfAborted();
      const rows = vectors.map((embedding, index) => ({ ...chunks[offset + index]!, embedding }));
      await this.writer.write(lease, space, rows);
      yield rows.length;
    }
  }
}
