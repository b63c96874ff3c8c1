import { mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readBlockFile } from './block-file.js';
import { collect } from './fixtures/collect.fixture.js';
import { blocksOf } from './fixtures/parse.fixture.js';
import { parseSmallText } from './small-text.js';

const KILOBYTE = 'Words of a note.'.repeat(64);

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parley-small-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function read(
  content: string | Buffer,
  filename: string,
  { contentType = 'text/plain', maxTextChars = 1e6 } = {},
) {
  const [path, blocksPath] = [join(folder, 'original'), join(folder, 'blocks')];
  await writeFile(path, content);
  const [file, blocks] = [await open(path), await open(blocksPath, 'w')];
  try {
    const { size: bytes } = await file.stat();
    const parsed = await parseSmallText({ file, bytes, blocks, filename, contentType, maxTextChars });
    return { parsed, blocks: await collect(readBlockFile(blocksPath)), rest: await file.readFile() };
  } finally {
    await Promise.all([file.close(), blocks.close()]);
  }
}

describe('a small text', () => {
  it.each([
    ['paragraphs', 'One line\nand another.\n\nTwo.\fThree.', 'a.txt'],
    ['a byte order mark', '\uFEFFMarked.', 'a.log'],
    ['no extension', 'By its declared type.', 'nameless'],
    ['the largest size', KILOBYTE.repeat(64), 'a.txt'],
  ])('is read here, to the same blocks as by the parser: %s', async (_, content, filename) => {
    const { parsed, blocks } = await read(content, filename);
    expect(parsed).toEqual({ contentType: 'text/plain' });
    expect(blocks).toEqual(await blocksOf(content, `${filename}.txt`));
  });

  it.each([
    ['one byte too many', `${KILOBYTE.repeat(64)}!`, 'a.txt'],
    ['a legacy encoding', Buffer.from('Gr\xF6\xDFe', 'latin1'), 'a.txt'],
    ['Markdown', '# Title', 'a.md'],
    ['CSV', 'a,b\n1,2', 'a.csv'],
    ['HTML', '<p>text', 'a.html'],
  ])('is what it is taken for, and nothing else: %s', async (_, content, filename) => {
    const { parsed, blocks, rest } = await read(content, filename);
    expect(parsed).toBeNull();
    expect(blocks).toEqual([]);
    // Whoever reads the file after us finds it at its start.
    expect(rest).toEqual(Buffer.from(content));
  });

  it.each([
    ['an empty one', '', 'no_text'],
    ['one without words', ' \n\t…', 'no_text'],
    ['a picture under its name', Buffer.from('\x89PNG\r\n\x1A\n\0\0', 'latin1'), 'corrupt'],
    ['control codes', '\x01\x02\x03\x04'.repeat(20), 'unknown_encoding'],
    ['too much text', KILOBYTE.repeat(8), 'too_large'],
  ])('is refused as by the parser: %s', async (_, content, code) => {
    await expect(read(content, 'a.txt', { maxTextChars: 5_000 })).rejects.toMatchObject({
      name: 'IngestionError',
      code,
    });
  });
});
