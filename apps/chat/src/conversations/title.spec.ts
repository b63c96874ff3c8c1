import { describe, expect, it } from '@jest/globals';
import { titleOf } from './title.js';

describe('titleOf', () => {
  it('takes a short message as it is, on one line', () => {
    expect(titleOf('  What is\n a  lease? ')).toBe('What is a lease?');
  });

  it('cuts a long message between words', () => {
    const title = titleOf('Please explain in detail how the nested virtual machine traces are compiled');
    expect(title).toBe('Please explain in detail how the nested virtual machine…');
  });

  it('cuts text without spaces, and never through a character', () => {
    const title = titleOf('😀'.repeat(80))!;
    expect(title.length).toBeLessThanOrEqual(60);
    expect(title.isWellFormed()).toBe(true);
  });

  it('knows none for a message without text', () => {
    expect(titleOf(' \n ')).toBeNull();
  });
});
