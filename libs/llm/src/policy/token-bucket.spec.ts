import { describe, expect, it } from '@jest/globals';
import { sharedTokenBucket, TokenBucket } from './token-bucket.js';

const signal = new AbortController().signal;

describe('a token bucket', () => {
  it('gives a minute’s tokens at once and then as many as have come in', async () => {
    const bucket = new TokenBucket(60_000);
    await bucket.take(60_000, { maxWaitMs: 0, signal });
    const startedAt = performance.now();

    await bucket.take(100, { maxWaitMs: 1_000, signal });

    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(95);
  });

  it('refuses at once what would take too long, and says when to come again', async () => {
    const bucket = new TokenBucket(60);
    await bucket.take(60, { maxWaitMs: 0, signal });

    await expect(bucket.take(30, { maxWaitMs: 1_000, signal })).rejects.toMatchObject({
      code: 'provider_rate_limited',
      retryAfterMs: expect.closeTo(30_000, -3),
    });
  });

  it('keeps a reserve that bulk work cannot touch', async () => {
    const bucket = new TokenBucket(1_000);
    await bucket.take(850, { reserve: 100, maxWaitMs: 0, signal });

    await expect(bucket.take(100, { reserve: 100, maxWaitMs: 0, signal })).rejects.toMatchObject({
      code: 'provider_rate_limited',
    });
    await bucket.take(100, { maxWaitMs: 0, signal });
  });

  it('serves what is larger than itself when it is full, and pays it off afterwards', async () => {
    const bucket = new TokenBucket(1_000);
    await bucket.take(5_000, { maxWaitMs: 0, signal });

    await expect(bucket.take(1, { maxWaitMs: 1_000, signal })).rejects.toMatchObject({ code: 'provider_rate_limited' });
  });

  it('ends a wait that is aborted', async () => {
    const bucket = new TokenBucket(60);
    await bucket.take(60, { maxWaitMs: 0, signal });
    const controller = new AbortController();
    const waiting = bucket.take(60, { maxWaitMs: 100_000, signal: controller.signal });

    controller.abort(new Error('no longer needed'));

    await expect(waiting).rejects.toThrow('no longer needed');
  });

  it('is one per account in a process', () => {
    expect(sharedTokenBucket('a', 10)).toBe(sharedTokenBucket('a', 10));
    expect(sharedTokenBucket('a', 10)).not.toBe(sharedTokenBucket('b', 10));
  });
});
