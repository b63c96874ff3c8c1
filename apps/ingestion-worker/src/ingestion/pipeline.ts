import { Injectable } from '@nestjs/common';
import { BlobStore } from '@parley/blobs';
import { ChunkWriter, IngestionLedger, type Lease } from '@parley/knowledge';
import { countTokens } from '@parley/llm';
import { type Chunk, chunkDocument } from '../chunking/chunk-document.js';
import { IngestionError } from '../parsing/ingestion-error.js';
import { parseFile } from '../parsing/parse-file.js';
import { IngestionConfig } from './ingestion.config.js';
import { withLocalCopy } from './local-copy.js';
import { SpaceEmbedder } from './space-embedder.js';

/** OpenAI's `auto`. */
const AUTO_CHUNKING = { maxChunkSizeTokens: 800, chunkOverlapTokens: 400 };

/** File → text → chunks → embeddings → searchable, for one job. */
@Injectable()
export class Pipeline {
  constructor(
    private readonly blobs: BlobStore,
    private readonly embedder: SpaceEmbedder,
    private readonly writer: ChunkWriter,
    private readonly ledger: IngestionLedger,
    private readonly config: IngestionConfig,
  ) {}

  /**
   * Of a large document the chunks are held as a whole, their vectors one batch at a time.
   * @throws IngestionError when the file cannot be read, EmbeddingError when the provider failed, LeaseLostError when the
   * job is somebody else's by now, DomainError when blob store or database failed, the signal's reason on abort
   */
  async run(lease: Lease, signal: AbortSignal): Promise<void> {
    const chunks = await this.#chunks(lease, signal);
    const space = await this.embedder.spaceOf(lease);
    const texts = chunks.map((chunk) => chunk.text);
    await this.ledger.advance(lease, 'embedding');
    await this.ledger.heartbeat(lease, { chunksTotal: chunks.length });
    for await (const { offset, vectors } of this.embedder.embed(space, texts, signal)) {
      signal.throwIfAborted();
      const rows = vectors.map((embedding, index) => ({ ...chunks[offset + index]!, embedding }));
      await this.writer.write(lease, space, rows);
      await this.ledger.heartbeat(lease, { percent: (100 * (offset + vectors.length)) / (chunks.length + 1) });
    }
    await this.ledger.advance(lease, 'indexing');
    await this.ledger.complete(lease, { chunkCount: chunks.length });
  }

  async #chunks(lease: Lease, signal: AbortSignal): Promise<Chunk[]> {
    const { filename, contentType } = lease.file;
    const content = await this.blobs.get(lease.file.blobKey);
    const document = await withLocalCopy(content, signal, (path) =>
      parseFile({ path, filename, contentType, signal }, this.config.parseLimits),
    );
    const { maxChunkSizeTokens: maxTokens, chunkOverlapTokens: overlapTokens } = lease.chunking ?? AUTO_CHUNKING;
    const chunks = chunkDocument(document, { maxTokens, overlapTokens, countTokens });
    if (chunks.length === 0) throw new IngestionError('no_text', 'The file holds no text.');
    return chunks;
  }
}
