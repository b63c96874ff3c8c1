import { setTimeout as delay } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { MigrationLedger, type MigrationLease, type MissingVector } from '@parley/knowledge';
import { SpaceEmbedder } from '../ingestion/space-embedder.js';

/** A pass finds nothing more, unless versions became searchable meanwhile that could not be embedded in both spaces. */
const MAX_PASSES = 5;
/** A table that is to be dropped is free as soon as the searches in it have ended. */
const TABLE_IN_USE_PAUSE_MS = 1_000;

/** Fills the embedding space that a knowledge base moves to, or empties the one that it has left. */
@Injectable()
export class SpaceFiller {
  constructor(
    private readonly ledger: MigrationLedger,
    private readonly embedder: SpaceEmbedder,
  ) {}

  /**
   * Goes on where it was left: what is there already is not embedded again.
   * @throws EmbeddingError | MigrationLostError, DomainError when the database failed, the signal's reason on abort
   */
  async run(lease: MigrationLease, signal: AbortSignal): Promise<void> {
    if (lease.task === 'remove') return this.#remove(lease, signal);
    for (let pass = 0; pass < MAX_PASSES; pass++) {
      await this.ledger.measure(lease);
      await this.#fill(lease, signal);
      if (await this.ledger.complete(lease)) return;
    }
    throw new Error(`Embedding migration ${lease.migrationId} does not keep up with the documents.`);
  }

  async #fill(lease: MigrationLease, signal: AbortSignal): Promise<void> {
    let last: MissingVector | undefined;
    for (;;) {
      signal.throwIfAborted();
      const chunks = await this.ledger.missing(lease, last);
      if (chunks.length === 0) return;
      const texts = chunks.map(({ text }) => text);
      for await (const { offset, vectors } of this.embedder.embed(lease.space, texts, signal)) {
        signal.throwIfAborted();
        await this.ledger.write(
          lease,
          vectors.map((embedding, index) => ({ ...chunks[offset + index]!, embedding })),
        );
        lease.failures = 0;
      }
      last = chunks.at(-1);
    }
  }

  async #remove(lease: MigrationLease, signal: AbortSignal): Promise<void> {
    for (;;) {
      signal.throwIfAborted();
      const outcome = await this.ledger.removeSome(lease);
      if (outcome === 'done') return;
      if (outcome === 'in use') await delay(TABLE_IN_USE_PAUSE_MS, undefined, { signal });
    }
  }
}
