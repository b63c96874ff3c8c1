import { HttpReranker } from './http.reranker.js';
import { type Reranker, type RerankOptions } from './reranker.js';

/** Null without an endpoint: nothing in the box judges better than the search itself. */
export function createReranker({ baseUrl, ...options }: RerankOptions): Reranker | null {
  return baseUrl === undefined ? null : new HttpReranker({ ...options, baseUrl });
}
