import { describe, expect, it } from '@jest/globals';
import { Bm25 } from './bm25.js';

describe('BM25', () => {
  const index = new Bm25([
    'The wing of the aircraft was tested in a wind tunnel.',
    'Wings and wings and more wings.',
    'Heat is conducted through the slab of the wall.',
    'The boundary layer on a flat plate is what the theory is about.',
  ]);

  it('finds what shares a stem with the query, best first', () => {
    expect(index.rank('wings', 10)).toEqual([1, 0]);
    expect(index.rank('the conduction of heat', 10)).toEqual([2]);
    expect(index.rank('wings', 1)).toEqual([1]);
  });

  it('finds nothing for words that nobody wrote, and nothing for stopwords', () => {
    expect([index.rank('zebra', 10), index.rank('of the', 10), index.rank('', 10)]).toEqual([[], [], []]);
    expect(new Bm25([]).rank('wing', 10)).toEqual([]);
  });

  it('keeps the order of the collection among equals', () => {
    expect(new Bm25(['plane', 'plane', 'plane']).rank('plane', 10)).toEqual([0, 1, 2]);
  });

  it('scores as the formula says', () => {
    // Two documents of one and three terms, average 2; the shorter wins although both hold the term once.
    const lengths = new Bm25(['alpha', 'alpha beta gamma']);
    expect(lengths.rank('alpha', 10)).toEqual([0, 1]);
    // Rare beats frequent: idf of a term in one of four documents is higher than that of one in three of four.
    const rarity = new Bm25(['alpha', 'beta', 'beta', 'beta']);
    expect(rarity.rank('alpha beta', 10)).toEqual([0, 1, 2, 3]);
  });
});
