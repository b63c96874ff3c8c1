import { describe, expect, it } from '@jest/globals';
import { withoutNearDuplicates } from './near-duplicates.js';

const TEXT = `The wing of the aircraft carries the load in level flight while the propeller drives it through the air and the
  tail keeps it stable. A slipstream is what the propeller leaves behind it, and it changes the lift of the wing.`;

const kept = (...texts: string[]) =>
  withoutNearDuplicates(texts, (text) => text).map(({ hit, duplicates }) => [hit, duplicates.length]);

describe('withoutNearDuplicates', () => {
  it('keeps the best of equal texts, whatever their case, width, spaces and signs', () => {
    expect(kept(TEXT, TEXT.toUpperCase().replace(/\s+/g, '  '), TEXT.replaceAll('.', ';'))).toEqual([[TEXT, 2]]);
  });

  it('leaves out a part of a better hit, but not a text that says more than a better hit', () => {
    const part = TEXT.slice(0, 120);
    expect(kept(TEXT, part)).toEqual([[TEXT, 1]]);
    expect(kept(part, TEXT)).toHaveLength(2);
  });

  it('keeps chunks that overlap by half', () => {
    const words = TEXT.split(/\s+/);
    const [first, second] = [words.slice(0, 24).join(' '), words.slice(12, 36).join(' ')];
    expect(kept(first, second)).toHaveLength(2);
  });

  it('keeps texts that differ in a figure', () => {
    expect(kept(`${TEXT} In 2023.`, `${TEXT} In 2024.`)).toHaveLength(2);
    expect(kept(`${TEXT} In March.`, `${TEXT} In April.`)).toHaveLength(1);
  });

  it('compares scripts without spaces, short texts and signs', () => {
    expect(kept('老城的房子在河边非常漂亮', '老城的房子在河边非常漂亮。', '新城的桥')).toHaveLength(2);
    expect(kept('one', 'one', 'two')).toHaveLength(2);
    expect(kept('!!!', '???', '!!!')).toHaveLength(2);
  });
});
