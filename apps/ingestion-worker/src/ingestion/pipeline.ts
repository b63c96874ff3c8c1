import { Injectable } from '@nestjs/common';
import { BlobStore } from '@parley/blobs';
import { DomainError } from '@parley/contracts';
import { ChunkWriter, type EmbeddingSpace, EmbeddingSpaces, IngestionLedger, type Lease } from '@parley/knowledge';
import { countTokens, type EmbeddingBatch, EmbeddingProvider } from '@parley/llm';
import { type Chunk, chunkDocument } from '../chunking/chunk-document.js';
import { IngestionError } from '../parsing/ingestion-error.js';
import { parseFile } from '../parsing/parse-file.js';
import { EmbeddingError } from './failure.js';
import { IngestionConfig } from './ingestion.config.js';
import { withLocalCopy } from './local-copy.js';

/** OpenAI's `auto`. */
const AUTO_CHUNKING = { maxChunkSizeTokens: 800, chunkOverlapTokens: 400 };
/** What hashed lexical vectors are worth beside BM25; real models are worth more. */
const BUILTIN_VECTOR_WEIGHT = 0.1;

/** File → text → chunks → embeddings → searchable, for one job. */
@Injectable()
export class Pipeline {
  constructor(
    private readonly blobs: BlobStore,
    private readonly provider: EmbeddingProvider,
    private readonly spaces: EmbeddingSpaces,
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
    const space = await this.#space(lease);
    await this.ledger.advance(lease, 'embedding');
    await this.ledger.heartbeat(lease, { chunksTotal: chunks.length });
    for await (const { offset, vectors } of this.#embed(chunks, signal)) {
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

  async *#embed(chunks: Chunk[], signal: AbortSignal): AsyncGenerator<EmbeddingBatch> {
    const texts = chunks.map((chunk) => chunk.text);
    try {
      yield* this.provider.embedBatches(texts, { signal });
    } catch (error) {
      signal.throwIfAborted();
      throw asEmbeddingError(error);
    }
  }

  /** A knowledge base gets its space with its first document and keeps it. */
  async #space({ tenant, knowledgeBaseId, embeddingSpace }: Lease): Promise<EmbeddingSpace> {
    const dimensions = await this.provider.dimensions().catch((error: unknown) => {
      throw asEmbeddingError(error);
    });
    if (embeddingSpace !== null) return this.#matching(embeddingSpace, dimensions);
    const { model, name } = this.provider;
    const weight = name === 'builtin' ? BUILTIN_VECTOR_WEIGHT : undefined;
    const space = await this.spaces.ensure(model, dimensions, weight).catch((error: unknown) => {
      throw error instanceof DomainError && error.code === 'invalid_request' ? new EmbeddingError(error) : error;
    });
    return this.#matching(await this.spaces.assign(tenant, knowledgeBaseId, space.id), dimensions);
  }

  #matching(space: EmbeddingSpace, dimensions: number): EmbeddingSpace {
    const { model } = this.provider;
    if (space.model === model && space.dimensions === dimensions) return space;
    const was = `${space.model} (${space.dimensions} dimensions)`;
    const message = `The vector store was embedded with ${was}, but ${model} (${dimensions}) is configured.`;
    throw new EmbeddingError(new DomainError('conflict', message));
  }
}

function asEmbeddingError(error: unknown): unknown {
  return error instanceof DomainError ? new EmbeddingError(error) : error;
}
