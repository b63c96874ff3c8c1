import { SparseVector } from 'pgvector';
import { countOf } from './analyse.js';

/** Parameters of BM25 as the index is written and searched; `referenceLength` is in terms. */
export const BM25 = { k1: 1.2, b: 0.75, referenceLength: 200 } as const;

/** pgvector's largest dimension of a sparsevec. */
export const TERM_SPACE = 1_000_000_000;
const MAX_TERMS = 16_000;

/** The dimension of a term, from 1 to 10⁹: FNV-1a over its UTF-16 units, mixed by MurmurHash3's finalizer. */
export function termHash(term: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < term.length; index++) {
    hash = Math.imul(hash ^ term.charCodeAt(index), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (((hash ^ (hash >>> 16)) >>> 0) % TERM_SPACE) + 1;
}

/**
 * The document side of BM25 for one chunk, as the text of a sparsevec: tf(k1+1)/(tf+K) per hashed term with
 * K = k1(1-b+b·dl/avgdl), where avgdl is the constant `BM25.referenceLength`. The average length of a knowledge base
 * moves with every document, so the search corrects for it instead of anything being rewritten: tf follows exactly from
 * the stored component, see `memory.lexical_candidates`.
 * @throws RangeError when the chunk has more distinct terms than a sparsevec holds
 */
export function termVector(terms: readonly string[]): string {
  const { k1, b, referenceLength } = BM25;
  const norm = k1 * (1 - b + (b * terms.length) / referenceLength);
  const counts = new Map<number, number>();
  for (const [term, count] of countOf(terms)) {
    const hash = termHash(term);
    counts.set(hash, (counts.get(hash) ?? 0) + count);
  }
  if (counts.size > MAX_TERMS) throw new RangeError(`A chunk has at most ${MAX_TERMS} distinct terms.`);
  const components = new Map<number, number>();
  for (const [hash, tf] of [...counts].sort(([a], [b]) => a - b))
    components.set(hash - 1, Math.fround((tf * (k1 + 1)) / (tf + norm)));
  return new SparseVector(components, TERM_SPACE).toPostgres();
}
