export interface Backoff {
  baseMs: number;
  maxMs: number;
}

/** Exponential with half of it random, so that pods that lost the same broker do not return in step. `attempt` from 1. */
export function backoffMs(attempt: number, { baseMs, maxMs }: Backoff, random: () => number = Math.random): number {
  const ceiling = Math.min(maxMs, baseMs * 2 ** Math.min(attempt - 1, 30));
  return Math.round(ceiling / 2 + (random() * ceiling) / 2);
}
