import { describe, expect, it } from '@jest/globals';
import { sentenceSpans } from './sentences.js';

function sentencesOf(text: string): string[] {
  return sentenceSpans(text).map(({ start, end }) => text.slice(start, end));
}

describe('sentenceSpans', () => {
  it('parts sentences in scripts with and without spaces', () => {
    expect(sentencesOf('One. Two? Three!')).toEqual(['One.', 'Two?', 'Three!']);
    expect(sentencesOf('これは一つ。これは二つ！終わり')).toEqual(['これは一つ。', 'これは二つ！', '終わり']);
    expect(sentencesOf('这是第一句。这是第二句？')).toEqual(['这是第一句。', '这是第二句？']);
    expect(sentencesOf('هذه جملة. وهذه أخرى؟ نعم.')).toEqual(['هذه جملة.', 'وهذه أخرى؟', 'نعم.']);
  });

  it('does not end a sentence at an initial, an abbreviation or the end of a line', () => {
    expect(sentencesOf('Dr. J. Smith et al. Saw it in Fig. 3 of the paper. Then he left.')).toEqual([
      'Dr. J. Smith et al. Saw it in Fig. 3 of the paper.',
      'Then he left.',
    ]);
    expect(sentencesOf('A sentence wrapped\nover lines. Another\none.')).toEqual([
      'A sentence wrapped\nover lines.',
      'Another\none.',
    ]);
  });

  it('ends a sentence at a blank line', () => {
    expect(sentencesOf('No full stop\n\nNext')).toEqual(['No full stop', 'Next']);
  });

  it('is quick for a long text without any sentence', () => {
    expect(sentencesOf('word '.repeat(200_000))).toHaveLength(1);
  });
});
