import { setTimeout as sleep } from 'node:timers/promises';
import { DomainError } from '@parley/contracts';

export interface TakeOptions {
  /** Left for others, in tokens: what bulk work does not touch, so that a query need not wait behind it. */
  reserve?: number;
  maxWaitMs: number;
  signal: AbortSignal;
}

/** A provider's rate limit, kept on our side: refills evenly, holds one minute's worth. */
export class TokenBucket {
  #level: number;
  #refilledAt = performance.now();
  #pausedUntil = 0;

  constructor(readonly tokensPerMinute: number) {
    this.#level = tokensPerMinute;
  }

  /**
   * Waits until that many tokens may be spent, and spends them.
   * @throws DomainError `provider_rate_limited` when that would take too long; the signal's reason on abort
   */
  async take(tokens: number, { reserve = 0, maxWaitMs, signal }: TakeOptions): Promise<void> {
    const deadline = performance.now() + maxWaitMs;
    const needed = Math.min(tokens + reserve, this.tokensPerMinute);
    for (;;) {
      signal.throwIfAborted();
      const waitMs = this.#waitMs(needed);
      if (waitMs <= 0) break;
      if (performance.now() + waitMs > deadline) {
        throw new DomainError('provider_rate_limited', 'The rate limit for embeddings is used up.', {
          retryAfterMs: Math.ceil(waitMs),
        });
      }
      await sleep(waitMs, undefined, { signal }).catch(() => signal.throwIfAborted());
    }
    this.#level -= tokens;
  }

  /** The provider asked everybody to wait. */
  pause(durationMs: number): void {
    this.#pausedUntil = Math.max(this.#pausedUntil, performance.now() + durationMs);
  }

  #waitMs(needed: number): number {
    const now = performance.now();
    const perMs = this.tokensPerMinute / 60_000;
    this.#level = Math.min(this.tokensPerMinute, this.#level + (now - this.#refilledAt) * perMs);
    this.#refilledAt = now;
    return Math.max(this.#pausedUntil - now, (needed - this.#level) / perMs);
  }
}

const buckets = new Map<string, TokenBucket>();

/** One bucket per account in this process, however many providers are made for it; as many as are configured. */
export function sharedTokenBucket(account: string, tokensPerMinute: number): TokenBucket {
  const key = `${account} ${tokensPerMinute}`;
  const bucket = buckets.get(key) ?? new TokenBucket(tokensPerMinute);
  buckets.set(key, bucket);
  return bucket;
}
