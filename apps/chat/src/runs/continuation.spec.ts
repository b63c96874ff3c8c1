import { describe, expect, it } from '@jest/globals';
import { somePassage } from '../fixtures/samples.js';
import { citationsOf } from './citations.js';
import { continuationMessages, continuedCitations, RepeatedBeginning } from './continuation.js';

describe('RepeatedBeginning', () => {
  const rest = (said: string, pieces: string[]) => {
    const beginning = new RepeatedBeginning(said);
    return pieces.map((piece) => beginning.rest(piece)).join('');
  };

  it.each([
    ['what goes on', 'The warranty', [' lasts', ' two years.'], ' lasts two years.'],
    ['what begins anew', 'The warranty', ['The ', 'warranty lasts', ' long.'], ' lasts long.'],
    ['what begins alike', 'The warranty', ['The ', 'war is over.'], 'The war is over.'],
    ['nothing but a repetition', 'The warranty', ['The war', 'ranty'], ''],
    ['anything after nothing', '', ['The'], 'The'],
  ])('lets through %s', (_what, said, pieces, expected) => {
    expect(rest(said, pieces)).toBe(expected);
  });
});

describe('continuationMessages', () => {
  it('show a model its own words, if it has said any', () => {
    expect(continuationMessages({ text: 'It lasts', annotations: [] })[0]).toEqual({
      ...{ role: 'assistant', content: 'It lasts' },
    });
    expect(continuationMessages({ text: '', annotations: [] })).toEqual([]);
  });
});

describe('continuedCitations', () => {
  const passage = somePassage();
  const text = 'It lasts two years [1].';
  const annotations = citationsOf(text, [passage]);

  it('keeps those of the part that was there, and places the new ones in the whole', () => {
    const cited = continuedCitations(`${text} Two years [1].`, { text, annotations }, [passage]);
    expect(cited.map(({ index }) => index)).toEqual([annotations[0]!.index, `${text} Two years `.length]);
  });

  it('makes them all when there were none yet', () => {
    expect(continuedCitations(text, { text: 'It lasts', annotations: [] }, [passage])).toEqual(annotations);
  });
});
