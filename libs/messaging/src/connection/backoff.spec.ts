import { describe, expect, it } from '@jest/globals';
import { backoffMs } from './backoff.js';

const BACKOFF = { baseMs: 100, maxMs: 1_000 };

describe('backoffMs', () => {
  it('doubles from the base up to the maximum', () => {
    const longest = [1, 2, 3, 4, 5, 50, 5_000].map((attempt) => backoffMs(attempt, BACKOFF, () => 1));
    expect(longest).toEqual([100, 200, 400, 800, 1_000, 1_000, 1_000]);
  });

  it('leaves half of the time to chance', () => {
    expect(backoffMs(1, BACKOFF, () => 0)).toBe(50);
    expect(backoffMs(1, BACKOFF, () => 0.5)).toBe(75);
  });
});
