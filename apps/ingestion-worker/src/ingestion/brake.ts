import { setTimeout as sleep } from 'node:timers/promises';

const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 60_000;

/**
 * Slows a worker down while what all documents need is out of service: without it a long queue would be parsed and
 * postponed from end to end, again and again. One document after the other is still tried, to notice the recovery; the
 * wake-ups that wait meanwhile hold the others back at the broker.
 */
export class Brake {
  #outages = 0;
  #pausedUntil = 0;

  constructor(private readonly longestPauseMs = LONGEST_PAUSE_MS) {}

  release(): void {
    this.#outages = 0;
    this.#pausedUntil = 0;
  }

  /** Another attempt met an outage; those that ran at the same time met the same one. */
  outage(): void {
    const now = performance.now();
    if (now < this.#pausedUntil) return;
    this.#pausedUntil = now + Math.min(this.longestPauseMs, FIRST_PAUSE_MS * 2 ** this.#outages);
    this.#outages += 1;
  }

  /** @returns false when `signal` was aborted first */
  async passed(signal: AbortSignal): Promise<boolean> {
    const waitMs = this.#pausedUntil - performance.now();
    if (waitMs > 0) await sleep(waitMs, undefined, { signal }).catch(() => undefined);
    return !signal.aborted;
  }
}
