import { Injectable, Logger } from '@nestjs/common';
import {
  ChunkWriter,
  type EmbeddingSpace,
  EmbeddingSpaces,
  IngestionLedger,
  type Lease,
  VectorsMissingError,
} from '@parley/knowledge';
import { counter } from '@parley/observability';
import { EmbeddingError } from './failure.js';
import { SpaceEmbedder } from './space-embedder.js';

/** What is read back and embedded at a time. */
const CHUNKS_PER_BATCH = 256;
/** A knowledge base moves to another embedding space seldom, and hardly ever twice during one job. */
const MAX_MOVES = 3;

const leftOut = counter(
  'parley_ingestion_second_space_failures_total',
  'Document versions that were not embedded in the second embedding space of a migration, which has to be filled later',
);

export interface CompleteVersion {
  chunkCount: number;
  /** What else has to happen together with it. */
  settle?: Parameters<IngestionLedger['complete']>[2];
}

/** The end of a job: a version is embedded in all spaces that its knowledge base keeps, then shown to searches. */
@Injectable()
export class VersionCompletion {
  readonly #logger = new Logger(VersionCompletion.name);

  constructor(
    private readonly embedder: SpaceEmbedder,
    private readonly spaces: EmbeddingSpaces,
    private readonly writer: ChunkWriter,
    private readonly ledger: IngestionLedger,
  ) {}

  /** @throws EmbeddingError | LeaseLostError, or the signal's reason on abort */
  async complete(lease: Lease, { chunkCount, settle }: CompleteVersion, signal: AbortSignal): Promise<void> {
    for (const space of await this.spaces.kept(lease.tenant, lease.knowledgeBaseId)) {
      await this.#try(lease, space, signal);
    }
    for (let moves = 0; ; moves++) {
      try {
        return await this.ledger.complete(lease, { chunkCount }, settle);
      } catch (error) {
        if (!(error instanceof VectorsMissingError) || moves === MAX_MOVES) throw error;
        await this.#embed(lease, await this.spaces.find(error.embeddingSpaceId), signal);
      }
    }
  }

  /** The document does not wait for a space that nobody searches: what is missing there is filled in afterwards. */
  async #try(lease: Lease, space: EmbeddingSpace, signal: AbortSignal): Promise<void> {
    try {
      await this.#embed(lease, space, signal);
    } catch (error) {
      if (!(error instanceof EmbeddingError)) throw error;
      leftOut.inc();
      this.#logger.warn(`Document ${lease.documentId} is not embedded with ${space.model}: ${error.message}`);
    }
  }

  async #embed(lease: Lease, space: EmbeddingSpace, signal: AbortSignal): Promise<void> {
    for (;;) {
      const chunks = await this.spaces.missing(lease, space, CHUNKS_PER_BATCH);
      if (chunks.length === 0) return;
      const texts = chunks.map(({ text }) => text);
      for await (const { offset, vectors } of this.embedder.embed(space, texts, signal)) {
        signal.throwIfAborted();
        const rows = vectors.map((embedding, index) => ({ ordinal: chunks[offset + index]!.ordinal, embedding }));
        if ((await this.writer.addVectors(lease, space, rows)) === 0) return;
      }
    }
  }
}
