import { describe, expect, it } from '@jest/globals';
import { docxFile, paragraph } from '../parsing/fixtures/docx-file.fixture.js';
import { column, textPdf } from '../parsing/fixtures/pdf-file.fixture.js';
import { blocksOf } from '../parsing/fixtures/parse.fixture.js';
import { type Chunk, chunkDocument } from './chunk-document.js';
import { misplacedChunks } from './fixtures/misplaced-chunks.fixture.js';

const OPTIONS = { maxTokens: 60, overlapTokens: 20, countTokens: (text: string) => text.split(/\s+/).length };

/** Every mark in a chunk, such as the 7 of `page7`. */
function marks({ text }: Chunk, name: string): number[] {
  return [...text.matchAll(new RegExp(`${name}(\\d+)`, 'g'))].map((match) => Number(match[1]));
}

describe('the place that a chunk names', () => {
  it('is the page on which its text stands', async () => {
    const pages = Array.from({ length: 6 }, (_, index) =>
      column(
        Array.from(
          { length: 30 },
          (__, line) => `On page${index + 1} stands the sentence number ${line} of this text.`,
        ),
      ),
    );
    const chunks = chunkDocument({ blocks: await blocksOf(textPdf(pages), 'a.pdf') }, OPTIONS);
    expect(chunks.length).toBeGreaterThan(20);
    for (const chunk of chunks) {
      const { pageStart = 0, pageEnd = 0 } = chunk.locator;
      const found = marks(chunk, 'page').filter((page) => page < pageStart || page > pageEnd);
      expect([chunk.text, found]).toEqual([chunk.text, []]);
    }
    expect(new Set(chunks.flatMap((chunk) => marks(chunk, 'page'))).size).toBe(6);
  });

  it.each([
    ['comma', 'name,note\n', (row: number) => `row${row},"some words\nand more, of it"\n`],
    ['semicolon', 'sep=;\nname;note\n', (row: number) => `row${row};words of some length here\n`],
    ['no header', '', (row: number) => `row${row},${row},${row * 2}\n`],
  ])('is the row of a table in which its text stands (%s)', async (_, head, line) => {
    const first = head === '' ? 1 : 2;
    const csv = head + Array.from({ length: 300 }, (__, index) => line(index + first)).join('');
    const chunks = chunkDocument({ blocks: await blocksOf(csv, 'a.csv') }, OPTIONS);
    const seen: number[] = [];
    for (const chunk of chunks) {
      const rows = marks(chunk, 'row');
      seen.push(...rows);
      const { rowStart, rowEnd } = chunk.locator;
      const isHead = rowStart === 1 && first === 2;
      expect([isHead ? 2 : rowStart, rowEnd]).toEqual([rows[0], rows.at(-1)]);
    }
    expect(seen).toEqual(Array.from({ length: 300 }, (__, index) => index + first));
  });

  it('is under the headings above it', async () => {
    const sections = Array.from(
      { length: 12 },
      (_, index) => `## part${index}\n\n${`Text of part${index}. `.repeat(40)}\n`,
    );
    const chunks = chunkDocument({ blocks: await blocksOf(`# Top\n\n${sections.join('\n')}`, 'a.md') }, OPTIONS);
    for (const chunk of chunks) {
      const headings = chunk.locator.headings ?? [];
      expect(headings[0]).toBe('Top');
      if (headings[1]) expect(new Set(marks(chunk, 'part'))).toEqual(new Set([Number(headings[1].slice(4))]));
    }
    expect(new Set(chunks.map(({ locator }) => locator.headings?.[1])).size).toBeGreaterThanOrEqual(12);
  });

  it.each([
    ['txt', 'One sentence. Another one, which is longer.\n\n'.repeat(40)],
    ['md', '# Top\n\n- a list\n- of things\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n```\n  code;\n```\n\n'.repeat(20)],
    ['html', `<h1>Top</h1>${'<p>A <b>bold</b> word.<table><tr><th>a<th>b<th>c<tr><td>1<td>2<td>3</table>'.repeat(20)}`],
    ['csv', `name,note\n${'Ada,"some words\nand more"\n'.repeat(40)}`],
    ['pdf', textPdf([1, 2, 3].map((page) => column([`Page ${page} says this.`, 'And that, too, on each.'])))],
    ['docx', docxFile(Array.from({ length: 60 }, (_, index) => paragraph(`Paragraph ${index} of it.`)).join(''))],
  ])('is where the text of the chunk stands in the file (%s)', async (extension, content) => {
    const blocks = await blocksOf(content, `a.${extension}`);
    const chunks = chunkDocument({ blocks }, OPTIONS);
    expect(misplacedChunks(chunks, blocks)).toEqual([]);
    // Words that are not in the file, or not there, are noticed.
    const [first] = chunks;
    const wrong = [
      { ...first!, text: `${first!.text} never` },
      { ...first!, locator: { pageStart: 99, rowStart: 99 } },
    ];
    expect(misplacedChunks(wrong, blocks)).toEqual(wrong);
  });
});
