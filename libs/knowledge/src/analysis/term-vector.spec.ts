import { describe, expect, it } from '@jest/globals';
import { BM25, TERM_SPACE, termHash, termVector } from './term-vector.js';

function componentsOf(vector: string): Map<number, number> {
  const inner = /^\{(.*)\}\/(\d+)$/.exec(vector)![1]!;
  return new Map(inner.split(',').map((entry) => entry.split(':').map(Number) as [number, number]));
}

describe('the term vector of a chunk', () => {
  it('holds BM25’s document side for the reference length', () => {
    const terms = ['wing', 'tail', 'wing', 'wing'];
    const components = componentsOf(termVector(terms));
    const norm = BM25.k1 * (1 - BM25.b + (BM25.b * 4) / BM25.referenceLength);
    expect(components.size).toBe(2);
    expect(components.get(termHash('wing'))).toBeCloseTo((3 * 2.2) / (3 + norm), 6);
    expect(components.get(termHash('tail'))).toBeCloseTo(2.2 / (1 + norm), 6);
  });

  it('lets the frequency be recovered exactly', () => {
    for (const frequency of [1, 2, 7, 100, 5_000]) {
      const terms = [...new Array<string>(frequency).fill('wing'), 'tail'];
      const component = componentsOf(termVector(terms)).get(termHash('wing'))!;
      const norm = BM25.k1 * (1 - BM25.b + (BM25.b * terms.length) / BM25.referenceLength);
      expect(Math.round((component * norm) / (BM25.k1 + 1 - component))).toBe(frequency);
    }
  });

  it('lists dimensions in ascending order, as pgvector wants them', () => {
    const dimensions = [...componentsOf(termVector(['c', 'a', 'b', 'z', 'y'])).keys()];
    expect(dimensions).toEqual([...dimensions].sort((a, b) => a - b));
  });

  it('is empty for a text without words', () => {
    expect(termVector([])).toBe(`{}/${TERM_SPACE}`);
  });

  it('refuses more terms than a sparsevec holds', () => {
    expect(() => termVector(Array.from({ length: 16_001 }, (_, index) => `t${index}`))).toThrow(RangeError);
  });

  it('spreads terms over all dimensions', () => {
    const hashes = Array.from({ length: 20_000 }, (_, index) => termHash(`term${index}`));
    expect(new Set(hashes).size).toBeGreaterThanOrEqual(19_999);
    expect(Math.min(...hashes)).toBeGreaterThanOrEqual(1);
    expect(Math.max(...hashes)).toBeLessThanOrEqual(TERM_SPACE);
    const upperHalf = hashes.filter((hash) => hash > TERM_SPACE / 2).length;
    expect(upperHalf / hashes.length).toBeCloseTo(0.5, 1);
  });
});
