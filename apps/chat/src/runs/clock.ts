/** Time, so that specs can turn it. */
export interface Clock {
  /** Monotonic, in milliseconds. */
  now(): number;
  /** Calls `work` once after `delayMs`; the returned function prevents that. */
  after(delayMs: number, work: () => void): () => void;
}

export const systemClock: Clock = {
  now: () => performance.now(),
  after: (delayMs, work) => {
    const timer = setTimeout(work, delayMs);
    return () => clearTimeout(timer);
  },
};
