import { describe, expect, it } from '@jest/globals';
import { type Expectation, scoreSearch, summariseLeg } from './question-scores.js';

const hit = (fileId: string, text = '') => ({ fileId, text });

describe('a question of an evaluation', () => {
  const expectation: Expectation = {
    expected: [
      { fileId: 'a', grade: 2, quote: 'lift of the wing' },
      { fileId: 'b', grade: 1 },
      { fileId: 'c', grade: 0, quote: 'never found' },
    ],
    answer: '42 degrees',
  };

  it('is scored by files, each ranked by its best chunk', () => {
    const hits = [hit('b'), hit('b'), hit('x'), hit('a')];
    const { ndcg, recall, hit: isHit, reciprocalRank, fileIds } = scoreSearch(hits, expectation, 10);
    // 1/1 + 0 + 2/2 = 2; ideal 2/1 + 1/1.58496 = 2.63093.
    expect(ndcg).toBeCloseTo(2 / 2.63093, 5);
    expect({ recall, isHit, reciprocalRank, fileIds }).toEqual({
      recall: 1,
      isHit: 1,
      reciprocalRank: 1,
      fileIds: ['b', 'x', 'a'],
    });
  });

  it('finds quotes in chunks of their own file alone, and the answer in any', () => {
    const elsewhere = scoreSearch([hit('b', 'the lift of the wing'), hit('a', 'drag')], expectation, 10);
    expect([elsewhere.quotesFound, elsewhere.isAnswerFound]).toEqual([0, false]);
    const hits = [hit('x', 'at 42\ndegrees'), hit('a', 'one chunk'), hit('a', 'the lift  of the wing')];
    const found = scoreSearch(hits, expectation, 10);
    expect([found.quotesFound, found.isAnswerFound]).toEqual([1, true]);
  });

  it('counts nothing below the first k files', () => {
    const hits = [hit('x'), hit('a', 'lift of the wing, 42 degrees'), hit('x', 'more')];
    expect(scoreSearch(hits, expectation, 1)).toMatchObject({
      ndcg: 0,
      recall: 0,
      hit: 0,
      reciprocalRank: 0,
      fileIds: ['x'],
      quotesFound: 0,
      isAnswerFound: false,
    });
  });

  it('takes the best grade of a file that is expected twice', () => {
    const twice = {
      expected: [
        { fileId: 'a', grade: 1 },
        { fileId: 'a', grade: 3 },
      ],
      answer: null,
    };
    expect(scoreSearch([hit('a')], twice, 10)).toMatchObject({ ndcg: 1, recall: 1, isAnswerFound: false });
  });
});

describe('the summary of a leg', () => {
  const question = (expectation: Expectation, hits: { fileId: string; text: string }[], ms: number) => ({
    expectation,
    result: { ...scoreSearch(hits, expectation, 10), ms, isDegraded: ms > 50 },
  });

  it('is the mean over questions that have something to be found, and the times of all', () => {
    const found = question({ expected: [{ fileId: 'a', grade: 1 }], answer: null }, [hit('a')], 10);
    const missed = question({ expected: [{ fileId: 'a', grade: 1 }], answer: null }, [hit('x')], 20);
    const unscored = question({ expected: [{ fileId: 'a', grade: 0 }], answer: null }, [hit('a')], 60);
    expect(summariseLeg([found, missed, unscored])).toEqual({
      scored: 2,
      ndcg: 0.5,
      recall: 0.5,
      hit: 0.5,
      reciprocalRank: 0.5,
      p50Ms: 20,
      p95Ms: 56,
      quotes: null,
      answers: null,
      degraded: 1,
    });
  });

  it('counts the quotes and answers that were given and found', () => {
    const expectation = { expected: [{ fileId: 'a', grade: 1, quote: 'wing' }], answer: 'lift' };
    const both = question(expectation, [hit('a', 'lift of the wing')], 1);
    const neither = question(expectation, [hit('a', 'drag')], 1);
    expect(summariseLeg([both, neither])).toMatchObject({
      quotes: { given: 2, found: 1 },
      answers: { given: 2, found: 1 },
    });
  });
});
