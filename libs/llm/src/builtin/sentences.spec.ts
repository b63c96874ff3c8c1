import { describe, expect, it } from '@jest/globals';
import { sentencesOf } from './sentences.js';

describe('sentences', () => {
  it('go on over line ends that a page’s width made', () => {
    const page =
      'Dynamic languages such as JavaScript are more difficult to compile than\nstatically typed ones. We present an ap-\n' +
      'proach for them.';

    expect(sentencesOf(page)).toEqual([
      'Dynamic languages such as JavaScript are more difficult to compile than statically typed ones.',
      'We present an approach for them.',
    ]);
  });

  it('do not swallow headings, list items and table rows', () => {
    expect(sentencesOf('Prices\n\nBasic, 10 euros\nTeam, 25 euros\r\nAll prices without tax.')).toEqual([
      'Prices',
      'Basic, 10 euros',
      'Team, 25 euros',
      'All prices without tax.',
    ]);
  });

  it('end where Chinese and Japanese end them', () => {
    expect(sentencesOf('我们提出了一种方法。它很快！')).toEqual(['我们提出了一种方法。', '它很快！']);
  });
});
