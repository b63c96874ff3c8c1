import { Injectable } from '@nestjs/common';
import { DomainError } from '@parley/contracts';
import { type RateLimiter, RateLimiters } from '../rate-limit/rate-limiters.js';

const WINDOW_SECONDS = 15 * 60;
const PER_EMAIL_AND_ADDRESS = 10;
const PER_ADDRESS = 200;

/** Bounds guessing: few tries per account from one address, and not too many accounts from one address. */
@Injectable()
export class SignInAttempts {
  readonly #byAccount: RateLimiter;
  readonly #byAddress: RateLimiter;

  constructor(limiters: RateLimiters) {
    this.#byAccount = limiters.create('sign-in', PER_EMAIL_AND_ADDRESS, WINDOW_SECONDS);
    this.#byAddress = limiters.create('sign-in-address', PER_ADDRESS, WINDOW_SECONDS);
  }

  /**
   * Counts before the password is checked, so that attempts at the same time count too.
   * @throws DomainError `rate_limit_exceeded`
   */
  async begin(email: string, ip: string): Promise<void> {
    await allow(this.#byAddress, ip);
    await allow(this.#byAccount, account(email, ip));
  }

  async succeeded(email: string, ip: string): Promise<void> {
    await this.#byAccount.reset(account(email, ip));
  }
}

async function allow(limiter: RateLimiter, key: string): Promise<void> {
  const { isExceeded, resetMs } = await limiter.consume(key);
  if (!isExceeded) return;
  throw new DomainError('rate_limit_exceeded', 'Too many attempts to sign in. Try again later.', {
    retryAfterMs: resetMs,
  });
}

function account(email: string, ip: string): string {
  return `${email.toLowerCase()}|${ip}`;
}
