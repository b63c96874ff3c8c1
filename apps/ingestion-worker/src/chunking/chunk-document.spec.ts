import { describe, expect, it } from '@jest/globals';
import { type Block, type BlockKind, type BlockLocator } from '../parsing/parsed-document.js';
import { type Chunk, chunkDocument } from './chunk-document.js';
import { sentenceSpans } from './sentences.js';

function words(text: string): number {
  return text.match(/\S+/g)?.length ?? 0;
}

function block(kind: BlockKind, text: string, locator: BlockLocator = {}): Block {
  return { kind, text, locator };
}

function numbered(count: number, wordsEach: number): string {
  return Array.from({ length: count }, (_, index) => `S${index}${' word'.repeat(wordsEach - 1)}.`).join(' ');
}

describe('chunkDocument', () => {
  it('keeps a short document in one chunk, literally', () => {
    const blocks = [
      block('heading', 'Title', { headings: ['Title'], page: 1 }),
      block('paragraph', 'One.  Two.', { headings: ['Title'], page: 2 }),
    ];
    expect(chunkDocument({ blocks }, { countTokens: words })).toEqual([
      {
        ordinal: 0,
        text: 'Title\n\nOne.  Two.',
        tokenCount: 3,
        locator: { headings: ['Title'], pageStart: 1, pageEnd: 2 },
      },
    ]);
  });

  it('gives no chunk for no blocks', () => {
    expect(chunkDocument({ blocks: [] }, { countTokens: words })).toEqual([]);
  });

  it('overlaps running text by whole sentences, up to the size asked for', () => {
    const chunks = chunkDocument(
      { blocks: [block('paragraph', numbered(10, 5))] },
      { maxTokens: 20, overlapTokens: 10, countTokens: words },
    );
    expect(chunks.map(({ text }) => text.match(/S\d+/g))).toEqual([
      ['S0', 'S1', 'S2', 'S3'],
      ['S2', 'S3', 'S4', 'S5'],
      ['S4', 'S5', 'S6', 'S7'],
      ['S6', 'S7', 'S8', 'S9'],
    ]);
  });

  it('gives up overlap where it would leave no room for what is new', () => {
    const text = `${numbered(3, 6)} Very ${'long '.repeat(15)}end.`;
    const chunks = chunkDocument(
      { blocks: [block('paragraph', text)] },
      { maxTokens: 20, overlapTokens: 10, countTokens: words },
    );
    expect(chunks.map(({ tokenCount }) => tokenCount)).toEqual([18, 17]);
  });

  it('begins a chunk at a heading once the one before is long enough, without overlap', () => {
    const path = (name: string): BlockLocator => ({ headings: ['Doc', name] });
    const blocks = [
      block('heading', 'Doc', { headings: ['Doc'] }),
      block('heading', 'A', path('A')),
      block('paragraph', numbered(4, 5), path('A')),
      block('heading', 'B', path('B')),
      block('paragraph', 'Short.', path('B')),
      block('heading', 'C', path('C')),
      block('paragraph', 'Last.', path('C')),
    ];
    const chunks = chunkDocument({ blocks }, { maxTokens: 40, overlapTokens: 20, countTokens: words });
    expect(chunks.map(({ locator }) => locator.headings)).toEqual([['Doc'], ['Doc']]);
    expect(chunks[1]?.text).toBe('B\n\nShort.\n\nC\n\nLast.');
  });

  it('moves a heading at the end of a full chunk to the text below it', () => {
    const blocks = [block('paragraph', 'a b c'), block('heading', 'H'), block('paragraph', numbered(1, 18))];
    const chunks = chunkDocument({ blocks }, { maxTokens: 20, overlapTokens: 0, countTokens: words });
    expect(chunks.map(({ text }) => text.slice(0, 6))).toEqual(['a b c', 'H\n\nS0 ']);
  });

  it('names the headings of its start when a chunk spans sections that share none', () => {
    const blocks = [
      block('heading', 'A', { headings: ['A'] }),
      block('heading', 'B', { headings: ['B'] }),
      block('paragraph', 'x', { headings: ['B'] }),
    ];
    expect(chunkDocument({ blocks }, { countTokens: words })[0]?.locator.headings).toEqual(['A']);
  });

  it('repeats the header of a table in each of its chunks, and rows never', () => {
    const header = 'Zone | Price';
    const rows = Array.from({ length: 6 }, (_, index) => ({ ...block('table-row', `${index} | x y z`), header }));
    const chunks = chunkDocument(
      { blocks: [block('table-row', header), ...rows] },
      { maxTokens: 18, overlapTokens: 9, countTokens: words },
    );
    expect(chunks.map(({ text }) => text.split('\n'))).toEqual([
      [header, '0 | x y z', '1 | x y z', '2 | x y z'],
      [header, '3 | x y z', '4 | x y z', '5 | x y z'],
    ]);
  });

  it('says which rows of a spreadsheet a chunk holds', () => {
    const text = Array.from({ length: 9 }, (_, index) => `a: ${index} b c`).join('\n');
    const blocks = [block('table-row', text, { row: 2, rowEnd: 10 }), block('table-row', 'a: 9', { row: 14 })];
    const chunks = chunkDocument({ blocks }, { maxTokens: 20, overlapTokens: 10, countTokens: words });
    expect(chunks.map(({ locator }) => [locator.rowStart, locator.rowEnd])).toEqual([
      [2, 6],
      [7, 14],
    ]);
  });

  it('cuts a sentence that is too long between words, and a word that is too long anywhere but in a character', () => {
    const long = chunkDocument(
      { blocks: [block('paragraph', 'word '.repeat(95).trim())] },
      { maxTokens: 10, overlapTokens: 5, countTokens: words },
    );
    expect(long.map(({ text }) => text).join(' ')).toBe('word '.repeat(95).trim());
    const emoji = '😀'.repeat(50);
    const cut = chunkDocument(
      { blocks: [block('paragraph', emoji)] },
      { maxTokens: 7, overlapTokens: 0, countTokens: (text) => text.length },
    );
    expect(cut.map(({ text }) => text).join('')).toBe(emoji);
    expect(cut.every(({ text }) => text.isWellFormed())).toBe(true);
  });

  it('prefers to cut where a clause ends', () => {
    const text = 'all of it in small letters . then it goes on for some time . and then on';
    const chunks = chunkDocument(
      { blocks: [block('paragraph', text)] },
      { maxTokens: 40, overlapTokens: 0, countTokens: (each) => each.length },
    );
    expect(chunks.map((chunk) => chunk.text)).toEqual([
      'all of it in small letters .',
      'then it goes on for some time .',
      'and then on',
    ]);
  });

  it('is not held up by long stretches of white space', () => {
    const blocks = [block('code', `x${' '.repeat(500_000)}y\n${'\n'.repeat(500_000)}z`)];
    expect(chunkDocument({ blocks }, { countTokens: words }).map(({ text }) => text)).toEqual(['x y\n\nz']);
  });

  it('keeps code in lines with their indentation', () => {
    const code = Array.from({ length: 8 }, (_, index) => `  line ${index};`).join('\n');
    const chunks = chunkDocument(
      { blocks: [block('code', code)] },
      { maxTokens: 8, overlapTokens: 0, countTokens: words },
    );
    expect(chunks.map(({ text }) => text).join('\n')).toBe(code);
  });

  it('refuses sizes that make no sense', () => {
    const blocks = [block('paragraph', 'x')];
    expect(() => chunkDocument({ blocks }, { maxTokens: 0, countTokens: words })).toThrow(RangeError);
    expect(() => chunkDocument({ blocks }, { maxTokens: 100, overlapTokens: 51, countTokens: words })).toThrow(
      RangeError,
    );
  });

  it('counts no more text than a small multiple of the document', () => {
    let counted = 0;
    const countTokens = (text: string): number => {
      counted += text.length;
      return words(text);
    };
    const text = Array.from({ length: 400 }, () => numbered(20, 9)).join(' ');
    const blocks = [
      block('paragraph', text),
      block('paragraph', 'x'.repeat(300_000)),
      block('code', `${text}\n`.repeat(3)),
    ];
    chunkDocument({ blocks }, { countTokens });
    const size = blocks.reduce((sum, each) => sum + each.text.length, 0);
    expect(counted).toBeLessThan(size * 6);
  });
});

describe('for any document', () => {
  const COUNTERS: Readonly<Record<string, (text: string) => number>> = {
    words,
    characters: (text) => text.length,
    'quarters of characters, rounded up': (text) => Math.ceil(text.length / 4),
    'more than the sum of the parts': (text) => words(text) + Math.floor(text.length / 50),
  };

  it.each(Object.entries(COUNTERS))(
    'counting %s: chunks fit, lose nothing, keep order, and are always the same',
    (_, countTokens) => {
      for (let seed = 1; seed <= 40; seed++) {
        const random = generator(seed);
        const blocks = randomBlocks(random);
        const maxTokens = 8 + Math.floor(random() * 200);
        const options = { maxTokens, overlapTokens: Math.floor((random() * maxTokens) / 2), countTokens };
        const chunks = chunkDocument({ blocks }, options);
        expect(chunks.map(({ ordinal }) => ordinal)).toEqual(chunks.map((_chunk, index) => index));
        for (const { text, tokenCount } of chunks) {
          expect(tokenCount).toBe(countTokens(text));
          expect(tokenCount).toBeLessThanOrEqual(maxTokens);
          expect(text.trim()).not.toBe('');
        }
        expectNothingLost(blocks, chunks, options);
        expect(chunkDocument({ blocks }, options)).toEqual(chunks);
      }
    },
  );
});

const SENTENCES = [
  'The ship came in.',
  'Was it late?',
  'これは文です。',
  'Dr. Who saw it.',
  'No end',
  'มนุษย์ทั้งหลาย',
  '“Quoted!”',
  'A much longer sentence that goes on, and on, for quite a while.',
  'x'.repeat(60),
];
const KINDS: readonly BlockKind[] = ['heading', 'paragraph', 'paragraph', 'list-item', 'table-row', 'code'];

function generator(seed: number): () => number {
  let state = seed;
  return () => (state = (state * 1_103_515_245 + 12_345) & 0x7fffffff) / 0x80000000;
}

function randomBlocks(random: () => number): Block[] {
  return Array.from({ length: 1 + Math.floor(random() * 25) }, (_, index) => {
    const kind = KINDS[Math.floor(random() * KINDS.length)] ?? 'paragraph';
    const count = kind === 'heading' ? 1 : 1 + Math.floor(random() * 8);
    const parts = Array.from({ length: count }, () => SENTENCES[Math.floor(random() * SENTENCES.length)] ?? '');
    const text = `${index}: ${parts.join(kind === 'code' ? '\n' : ' ')}`;
    return { ...block(kind, text, { page: index + 1 }), ...(kind === 'table-row' ? { header: 'a | b' } : {}) };
  });
}

/** Each sentence that fits stands whole in a chunk, not before the sentences ahead of it; of others, every part does. */
function expectNothingLost(
  blocks: readonly Block[],
  chunks: readonly Chunk[],
  { maxTokens, countTokens }: { maxTokens: number; countTokens: (text: string) => number },
): void {
  let reached = 0;
  for (const { kind, text } of blocks) {
    const spans =
      kind === 'code' || kind === 'table-row' || kind === 'heading'
        ? [{ start: 0, end: text.length }]
        : sentenceSpans(text);
    for (const { start, end } of spans) {
      const sentence = text.slice(start, end);
      const parts =
        countTokens(`\n\n${sentence}`) <= maxTokens && kind !== 'code' ? [sentence] : (sentence.match(/\S/gu) ?? []);
      for (const expected of parts) {
        const found = chunks.findIndex((chunk, index) => index >= reached && chunk.text.includes(expected));
        expect([expected, found]).not.toEqual([expected, -1]);
        reached = found;
      }
    }
  }
}
