import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { collect } from '../parsing/fixtures/collect.fixture.js';
import { type Block } from '../parsing/parsed-document.js';
import { chunkDocument } from './chunk-document.js';
import { type ChunkFileOptions, readChunkFile, writeChunkFile } from './chunk-file.js';

const BLOCKS = Array.from({ length: 500 }, (_, index): Block => ({
  kind: 'paragraph',
  text: `Paragraph ${index} «ünïcode» 日本. `.repeat(10),
  locator: { page: index + 1, headings: ['Top'] },
}));
const countTokens = (text: string): number => text.length;

let path: string;
beforeAll(async () => {
  path = join(await mkdtemp(join(tmpdir(), 'parley-spec-')), 'chunks');
});
afterAll(() => rm(join(path, '..'), { recursive: true }));

async function* streamed(blocks: readonly Block[]): AsyncGenerator<Block> {
  yield* blocks;
}

const options = (given: Partial<ChunkFileOptions> = {}): ChunkFileOptions => ({
  ...{ countTokens, maxTokens: 900, overlapTokens: 100, maxBytes: 1e9, signal: new AbortController().signal },
  ...given,
});

describe('a file of chunks', () => {
  it('holds the chunks of the document in order', async () => {
    const file = await writeChunkFile(path, streamed(BLOCKS), options());
    const batches = await collect(readChunkFile(file, 64));
    const expected = chunkDocument({ blocks: BLOCKS }, options());
    expect(batches.flat()).toEqual(expected);
    expect(file.chunkCount).toBe(expected.length);
    expect(batches.slice(0, -1).map(({ length }) => length)).toEqual(batches.slice(0, -1).map(() => 64));
  });

  it('says what is printed on the pages of a chunk', async () => {
    const pageLabels = BLOCKS.map((_, index) => `B-${index}`);
    const file = await writeChunkFile(path, streamed(BLOCKS), options({ pageLabels }));
    for (const { locator } of (await collect(readChunkFile(file, 64))).flat()) {
      const { pageStart = 0, pageEnd = 0 } = locator;
      expect(locator.pageLabels).toEqual([`B-${pageStart - 1}`, `B-${pageEnd - 1}`]);
    }
  });

  it('is refused when it grows too large', async () => {
    const attempt = writeChunkFile(path, streamed(BLOCKS), options({ maxBytes: 100_000 }));
    await expect(attempt).rejects.toMatchObject({ code: 'too_large' });
  });

  it('is given up at once when told to', async () => {
    const stop = new AbortController();
    async function* endless(): AsyncGenerator<Block> {
      for (let count = 0; ; count++) {
        if (count === 10) stop.abort(new Error('cancelled'));
        yield BLOCKS[0]!;
      }
    }
    await expect(writeChunkFile(path, endless(), options({ signal: stop.signal }))).rejects.toThrow('cancelled');
  });
});
