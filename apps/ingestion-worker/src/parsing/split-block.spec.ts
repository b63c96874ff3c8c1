import { describe, expect, it } from '@jest/globals';
import { type Block } from './parsed-document.js';
import { splitBlock } from './split-block.js';

const split = (block: Block, maxChars: number): Block[] => [...splitBlock(block, maxChars)];
const joined = (parts: readonly Block[]): string => parts.map(({ text, separator = '' }) => separator + text).join('');

describe('splitBlock', () => {
  it('leaves alone what is short enough', () => {
    const block: Block = { kind: 'paragraph', text: 'One. Two.', locator: { page: 1 } };
    expect(split(block, 9)).toEqual([block]);
  });

  it('cuts running text between sentences and loses nothing', () => {
    const text = Array.from({ length: 100 }, (_, index) => `This is sentence ${index}.`).join(' ');
    const parts = split({ kind: 'paragraph', text, locator: { page: 3 } }, 200);
    expect(parts.length).toBeGreaterThan(10);
    expect(joined(parts)).toBe(text);
    for (const part of parts) {
      expect(part.text).toMatch(/^This.*\.$/);
      expect(part.text.length).toBeLessThanOrEqual(200);
      expect(part.locator).toEqual({ page: 3 });
    }
  });

  it('cuts between words, else anywhere but inside a character', () => {
    const words = 'word '.repeat(100).trim();
    expect(
      split({ kind: 'paragraph', text: words, locator: {} }, 49).every(({ text }) => /^(word ?)+$/.test(text)),
    ).toBe(true);
    const pairs = '🦄'.repeat(100);
    const parts = split({ kind: 'paragraph', text: pairs, locator: {} }, 33);
    expect(joined(parts)).toBe(pairs);
    expect(parts.every(({ text }) => text.isWellFormed())).toBe(true);
  });

  it('keeps the numbers of rows right', () => {
    const rows = Array.from({ length: 20 }, (_, index) => `row ${index + 5} ${'x'.repeat(index)}`);
    const block: Block = { kind: 'table-row', text: rows.join('\n'), locator: { row: 5, rowEnd: 24 } };
    for (const { text, locator } of split(block, 60)) {
      const lines = text.split('\n').filter((line) => line.startsWith('row'));
      expect(lines[0]).toContain(`row ${locator.row} `);
      expect(lines.at(-1)).toContain(`row ${locator.rowEnd} `);
    }
  });

  it('keeps the lines of code and their indentation', () => {
    const text = Array.from({ length: 50 }, (_, index) => `${' '.repeat(index % 7)}line ${index}`).join('\n');
    const parts = split({ kind: 'code', text, locator: {} }, 100);
    expect(joined(parts)).toBe(text);
  });

  it('takes no long text for a heading', () => {
    const parts = split({ kind: 'heading', level: 1, text: 'word '.repeat(50), locator: {} }, 100);
    expect(new Set(parts.map(({ kind }) => kind))).toEqual(new Set(['paragraph']));
  });

  it('ends for any text, and takes time in proportion to it', () => {
    for (const text of [
      ' '.repeat(9_999),
      '\n'.repeat(9_999),
      'x'.repeat(1_000_000),
      'a\n'.repeat(300_000),
      `x${' '.repeat(50_000)}y`,
    ]) {
      for (const kind of ['paragraph', 'code', 'table-row'] as const) {
        const inked = split({ kind, text, locator: { row: 1, rowEnd: 9 } }, 1_000);
        expect(inked.reduce((sum, part) => sum + part.text.replace(/\s/g, '').length, 0)).toBe(
          text.replace(/\s/g, '').length,
        );
      }
    }
  });
});
