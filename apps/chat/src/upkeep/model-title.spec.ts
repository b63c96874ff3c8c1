import { describe, expect, it } from '@jest/globals';
import { titleFrom, titlePrompt } from './model-title.js';

describe('titleFrom', () => {
  it.each([
    ['Warranty of the pump', 'Warranty of the pump'],
    ['\n"Warranty of the pump."\nIt is about a pump.', 'Warranty of the pump'],
    ['# **Warranty of the pump**', 'Warranty of the pump'],
    ['Title: „Garantie der Pumpe“', 'Garantie der Pumpe'],
    ['ポンプの保証', 'ポンプの保証'],
    ['', null],
    ['""', null],
  ])('finds in %j the title %j', (reply, title) => {
    expect(titleFrom(reply)).toBe(title);
  });

  it('is no longer than a title', () => {
    expect(titleFrom('word '.repeat(100))!.length).toBeLessThanOrEqual(60);
  });
});

describe('titlePrompt', () => {
  it('is short, however long the conversation is', () => {
    const [, content] = titlePrompt('q'.repeat(100_000), 'a'.repeat(100_000));
    expect(content!.content.length).toBeLessThan(3_100);
  });
});
