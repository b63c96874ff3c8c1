import { describe, expect, it } from '@jest/globals';
import {
  documentsInOrder,
  hitAt,
  isScorable,
  mean,
  ndcgAt,
  qualityAt,
  quantile,
  recallAt,
  reciprocalRankAt,
} from './ranking-quality.js';

const graded = new Map([
  ['a', 3],
  ['b', 2],
  ['c', 1],
  ['n', 0],
]);

describe('the quality of a ranking', () => {
  it('is 1 for the best order there is', () => {
    expect(qualityAt(10, ['a', 'b', 'c'], graded)).toEqual({ ndcg: 1, recall: 1, hit: 1, reciprocalRank: 1 });
  });

  it('takes the grade as gain and discounts it by log2(rank + 1)', () => {
    // b, x, a: 2/1 + 0 + 3/2 = 3.5; ideal 3/1 + 2/1.58496 + 1/2 = 4.76186.
    expect(ndcgAt(10, ['b', 'x', 'a'], graded)).toBeCloseTo(3.5 / 4.76186, 5);
    // Cut at 2: 2/1 of an ideal of 3 + 2/1.58496 = 4.26186.
    expect(ndcgAt(2, ['b', 'x', 'a'], graded)).toBeCloseTo(2 / 4.26186, 5);
  });

  it('does not mind the order among documents of equal grade', () => {
    const equal = new Map([
      ['a', 1],
      ['b', 1],
    ]);
    expect(ndcgAt(10, ['b', 'a'], equal)).toBe(1);
    expect(ndcgAt(10, ['x', 'a', 'b'], equal)).toBeCloseTo((1 / Math.log2(3) + 1 / 2) / (1 + 1 / Math.log2(3)), 10);
  });

  it('counts documents that nobody judged, and those judged irrelevant, as misses', () => {
    expect(qualityAt(10, ['n', 'x'], graded)).toEqual({ ndcg: 0, recall: 0, hit: 0, reciprocalRank: 0 });
    expect(recallAt(10, ['n', 'a'], graded)).toBeCloseTo(1 / 3, 10);
  });

  it('is cut off at k', () => {
    const ranking = ['x', 'y', 'a', 'b'];
    expect([hitAt(2, ranking, graded), hitAt(3, ranking, graded)]).toEqual([0, 1]);
    expect(recallAt(3, ranking, graded)).toBeCloseTo(1 / 3, 10);
    expect([reciprocalRankAt(2, ranking, graded), reciprocalRankAt(4, ranking, graded)]).toEqual([0, 1 / 3]);
  });

  it('does not punish for more relevant documents than fit above the cutoff', () => {
    const many = new Map(Array.from({ length: 12 }, (_, index) => [`d${index}`, 1] as const));
    const ranking = Array.from({ length: 10 }, (_, index) => `d${index}`);
    expect(ndcgAt(10, ranking, many)).toBe(1);
    expect(recallAt(10, ranking, many)).toBeCloseTo(10 / 12, 10);
  });

  it('is 0 for an empty ranking and for a question without relevant documents, which does not count', () => {
    expect(qualityAt(10, [], graded)).toEqual({ ndcg: 0, recall: 0, hit: 0, reciprocalRank: 0 });
    const none = new Map([
      ['a', 0],
      ['b', -1],
    ]);
    expect(qualityAt(10, ['a', 'b'], none)).toEqual({ ndcg: 0, recall: 0, hit: 0, reciprocalRank: 0 });
    expect([isScorable(none), isScorable(new Map()), isScorable(graded)]).toEqual([false, false, true]);
  });

  it('ranks documents by their best chunk', () => {
    expect(documentsInOrder(['b', 'a', 'b', 'c', 'a'])).toEqual(['b', 'a', 'c']);
  });
});

describe('over many questions', () => {
  it('is the mean, and times are quantiles', () => {
    expect(mean([1, 0, 0.5])).toBe(0.5);
    expect([quantile([4, 1, 3, 2], 0.5), quantile([1, 2, 3, 4, 5], 0.95), quantile([7], 0.95)]).toEqual([2.5, 4.8, 7]);
    expect([mean([]), quantile([], 0.5)]).toEqual([0, 0]);
  });
});
