import { describe, expect, it } from '@jest/globals';
import { blocksOf, textsOf } from './fixtures/parse.fixture.js';

describe('plain text', () => {
  it('parts paragraphs at blank lines and form feeds, and keeps lines', async () => {
    expect(await textsOf('one\ntwo\r\n \t\r\nthree\fpage two\r\rfour', 'a.txt')).toEqual([
      'one\ntwo',
      'three',
      'page two',
      'four',
    ]);
  });

  it('removes NUL and control bytes', async () => {
    expect(await textsOf('before\0\x01 after \x1B[31mred', 'a.txt')).toEqual(['before after red']);
  });

  it('bears millions of blank lines', async () => {
    expect(await textsOf(`${'\n '.repeat(3_000_000)}end`, 'a.txt')).toEqual(['end']);
  });

  it('says so when there are no words', async () => {
    await expect(blocksOf(' \n\n … – \n', 'a.txt')).rejects.toMatchObject({ code: 'no_text' });
  });
});
