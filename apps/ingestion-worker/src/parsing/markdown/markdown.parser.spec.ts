import { describe, expect, it } from '@jest/globals';
import { blocksOf, textsOf } from '../fixtures/parse.fixture.js';

describe('markdown', () => {
  it('reads headings, paragraphs, lists, code and quotes', async () => {
    const markdown =
      '# Top\n\nA *wrapped*\nparagraph with `code`.\n\n- one\n- [x] two\n  1. deep\n\n```js\nif (a)\n  b()\n```\n\n> quoted\n';
    expect((await blocksOf(markdown, 'a.md')).map(({ kind, text, level }) => [kind, text, level])).toEqual([
      ['heading', 'Top', 1],
      ['paragraph', 'A wrapped paragraph with code.', undefined],
      ['list-item', '- one', 1],
      ['list-item', '- [x] two', 1],
      ['list-item', '1. deep', 2],
      ['code', 'if (a)\n  b()', undefined],
      ['paragraph', 'quoted', undefined],
    ]);
  });

  it('writes tables row by row with their header', async () => {
    const blocks = await blocksOf('| a | b |\n|---|---|\n| 1 | [x](http://y) |\n', 'a.md');
    expect(blocks.map(({ text, header }) => [text, header])).toEqual([
      ['a | b', undefined],
      ['1 | x', 'a | b'],
    ]);
  });

  it('reads HTML blocks as HTML', async () => {
    const markdown =
      '<details>\n<summary>More</summary>\n<!-- no -->\n<script>no()</script>\n</details>\n\ntext<br>line <!-- no -->\n';
    expect(await textsOf(markdown, 'a.md')).toEqual(['More', 'text\nline']);
  });

  it('keeps front matter as it is written', async () => {
    expect(await textsOf('---\ntitle: A page\ntags: [x]\n---\n# Top\n', 'a.md')).toEqual([
      'title: A page\ntags: [x]',
      'Top',
    ]);
    expect(await textsOf('---\n\nnot front matter\n\n---\n', 'a.md')).toEqual(['not front matter']);
  });

  it('joins wrapped lines without a space where the script has none', async () => {
    expect(await textsOf('これは\n文です。\nwrapped\nwords\n', 'a.md')).toEqual(['これは文です。 wrapped words']);
  });

  it('reads a long document in pieces without losing or splitting blocks', async () => {
    const sections = Array.from(
      { length: 3_000 },
      (_, index) => `## Section ${index}\n\nText of ${index}.\n\n~~~\n# not a heading\n\n${index}\n~~~\n`,
    );
    const blocks = await blocksOf(sections.join('\n'), 'a.md');
    expect(blocks).toHaveLength(9_000);
    expect(blocks.filter(({ kind }) => kind === 'heading')).toHaveLength(3_000);
    expect(blocks.at(-1)).toMatchObject({
      kind: 'code',
      text: '# not a heading\n\n2999',
      locator: { headings: ['Section 2999'] },
    });
  });
});
