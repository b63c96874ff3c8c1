import { type RateLimitState } from './rate-limiters.js';

/** OpenAI's headers, and those of draft-ietf-httpapi-ratelimit-headers: clients read the one or the other. */
export function rateLimitHeaders(state: RateLimitState, windowSeconds: number): Record<string, string> {
  const resetSeconds = Math.ceil(state.resetMs / 1_000);
  return {
    'x-ratelimit-limit-requests': String(state.limit),
    'x-ratelimit-remaining-requests': String(state.remaining),
    'x-ratelimit-reset-requests': duration(state.resetMs),
    'ratelimit-policy': `"default";q=${state.limit};w=${windowSeconds}`,
    ratelimit: `"default";r=${state.remaining};t=${resetSeconds}`,
  };
}

/** As OpenAI writes it: `12ms`, `42s`, `6m0s`. */
export function duration(ms: number): string {
  if (ms < 1_000) return `${Math.ceil(ms)}ms`;
  const seconds = Math.ceil(ms / 1_000);
  return seconds < 60 ? `${seconds}s` : `${Math.floor(seconds / 60)}m${seconds % 60}s`;
}
