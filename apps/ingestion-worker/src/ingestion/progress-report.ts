import { type IngestionLedger, type Lease } from '@parley/knowledge';

const LEAST_PAUSE_MS = 1_000;

/**
 * Tells the ledger how far a job is while something else sets the pace: the newest figure, one write at a time, once a
 * second at most. A write that fails is no harm: the lease is held, and its loss noticed, elsewhere.
 */
export class ProgressReport {
  readonly #ledger: Pick<IngestionLedger, 'heartbeat'>;
  readonly #lease: Lease;
  #writing: Promise<void> = Promise.resolve();
  #isWriting = false;
  #writtenAt = -Infinity;

  constructor(ledger: Pick<IngestionLedger, 'heartbeat'>, lease: Lease) {
    this.#ledger = ledger;
    this.#lease = lease;
  }

  /** Figures that come too soon are left out. */
  reached(percent: number): void {
    const now = performance.now();
    if (this.#isWriting || now - this.#writtenAt < LEAST_PAUSE_MS) return;
    this.#writtenAt = now;
    this.#isWriting = true;
    this.#writing = this.#ledger
      .heartbeat(this.#lease, { percent })
      .catch(() => undefined)
      .finally(() => (this.#isWriting = false));
  }

  /** Nothing is written from now on, unless more is reached. */
  settled(): Promise<void> {
    return this.#writing;
  }
}
