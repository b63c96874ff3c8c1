import { describe, expect, it } from '@jest/globals';
import { somePassage } from '../fixtures/samples.js';
import { citationsOf } from './citations.js';

const warranty = somePassage({
  filename: 'warranty.pdf',
  locator: { pageStart: 3, pageEnd: 4 },
  text:
    'This chapter is about guarantees. The warranty of the pump lasts twenty-four months from delivery. ' +
    'It does not cover damage by frost. Claims are to be sent to the dealer.',
});
const tracing = somePassage({
  filename: 'tracemonkey.pdf',
  text:
    'Dynamic languages such as JavaScript are popular. TraceMonkey records hot loops as traces and compiles them\n' +
    'to machine code. On the SunSpider suite it reaches speedups of up to 25 times.',
});

describe('citationsOf', () => {
  it('maps markers to passages, with the sentence that says it', () => {
    const answer = 'The pump has a warranty of 24 months from delivery [1]. It compiles hot loops to machine code [2].';
    const citations = citationsOf(answer, [warranty, tracing]);
    expect(citations).toEqual([
      {
        type: 'file_citation',
        index: answer.indexOf('[1]'),
        chunkId: warranty.chunkId,
        fileId: warranty.fileId,
        filename: 'warranty.pdf',
        quote: 'The warranty of the pump lasts twenty-four months from delivery.',
        score: warranty.score,
        locator: { pageStart: 3, pageEnd: 4 },
      },
      expect.objectContaining({ index: answer.indexOf('[2]'), chunkId: tracing.chunkId }),
    ]);
    expect(citations[1]?.quote).toContain('records hot loops as traces and compiles them\nto machine code');
  });

  it('tells the address of a page that it cites', () => {
    const page = { ...warranty, url: 'https://example.org/warranty' };
    expect(citationsOf('It lasts 24 months [1].', [page])[0]).toMatchObject({ url: 'https://example.org/warranty' });
    expect(citationsOf('It lasts 24 months [1].', [warranty])[0]).not.toHaveProperty('url');
  });

  it('quotes literally and no more than a few sentences', () => {
    const text = Array.from({ length: 60 }, (_, i) => `Rule ${i} says that part ${i} costs ${i * 7} euros.`).join('  ');
    const passage = somePassage({ text });
    const [citation] = citationsOf('Part 41 costs 287 euros [1].', [passage]);
    expect(text).toContain(citation!.quote);
    expect(citation!.quote).toContain('part 41 costs 287 euros');
    expect(citation!.quote.length).toBeLessThanOrEqual(300);
  });

  it('quotes literally from a table without full stops', () => {
    const text = Array.from({ length: 80 }, (_, i) => `Article ${i} | ${i + 3} pieces | shelf ${i % 7}`).join(' | ');
    const [citation] = citationsOf('Of article 44 there are 47 pieces [1].', [somePassage({ text })]);
    expect(text).toContain(citation!.quote);
    expect(citation!.quote).toContain('Article 44 | 47 pieces');
    expect(citation!.quote.length).toBeLessThanOrEqual(300);
  });

  it.each([
    ['[1][2]', [1, 2]],
    ['[1, 2]', [1, 2]],
    ['[2],[2]', [2, 2]],
  ])('reads %s', (marker, numbers) => {
    const cited = citationsOf(`As is known ${marker}.`, [warranty, tracing]).map(({ chunkId }) => chunkId);
    expect(cited).toEqual(numbers.map((number) => [warranty, tracing][number - 1]!.chunkId));
  });

  it('takes a marker behind the full stop as belonging to the sentence before it', () => {
    const answer = 'It does not cover frost damage. [1] Claims go to the dealer. [1]';
    expect(citationsOf(answer, [warranty]).map(({ quote }) => quote)).toEqual([
      'It does not cover damage by frost.',
      'Claims are to be sent to the dealer.',
    ]);
  });

  it('ignores numbers that no passage has', () => {
    expect(citationsOf('Nobody knows [3], not even [0] or [99].', [warranty, tracing])).toEqual([]);
    expect(citationsOf('Known [1] and unknown [7].', [warranty])).toHaveLength(1);
  });

  it('cites what an answer without markers clearly repeats, each passage once', () => {
    const answer = 'Good question. TraceMonkey records hot loops as traces and compiles them to machine code.';
    const citations = citationsOf(answer, [warranty, tracing]);
    expect(citations).toHaveLength(1);
    expect(citations[0]).toMatchObject({ chunkId: tracing.chunkId, index: answer.length });
    expect(tracing.text).toContain(citations[0]!.quote);
  });

  it('cites nothing for an answer that has nothing to do with the passages', () => {
    expect(citationsOf('I am sorry, but the documents do not answer that.', [warranty, tracing])).toEqual([]);
    expect(citationsOf('Hello!', [])).toEqual([]);
    expect(citationsOf('', [warranty])).toEqual([]);
  });

  it('works in scripts without spaces', () => {
    const passage = somePassage({ text: '本製品は防水です。保証期間は二年間です。電池は交換できません。' });
    const [citation] = citationsOf('保証期間は二年間です[1]。', [passage]);
    expect(citation?.quote).toBe('保証期間は二年間です。');
  });
});
