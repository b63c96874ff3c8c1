import { describe, expect, it } from '@jest/globals';
import { eventually } from './eventually.js';

describe('eventually', () => {
  it('repeats a check until it holds and returns its result', async () => {
    let tries = 0;
    const result = await eventually(
      () => {
        if (++tries < 3) throw new Error('not yet');
        return tries;
      },
      { intervalMs: 1 },
    );
    expect(result).toBe(3);
  });

  it('throws the last failure when the time is over', async () => {
    const check = () => Promise.reject(new Error('still wrong'));
    await expect(eventually(check, { timeoutMs: 20, intervalMs: 1 })).rejects.toThrow('not within 20 ms: still wrong');
  });
});
