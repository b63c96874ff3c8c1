import { counter } from './metrics.js';

const requests = counter('parley_cache_requests_total', 'Questions to caches, by whether they knew the answer', [
  'cache',
  'outcome',
]);

/** @param cache its name in the code */
export function cacheAsked(cache: 'credentials' | 'models', isHit: boolean): void {
  requests.inc({ cache, outcome: isHit ? 'hit' : 'miss' });
}
