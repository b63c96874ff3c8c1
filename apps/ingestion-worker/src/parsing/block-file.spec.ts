import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { collect } from './fixtures/collect.fixture.js';
import { BlockFileWriter, readBlockFile } from './block-file.js';
import { type Block } from './parsed-document.js';

const BLOCKS: Block[] = [
  { kind: 'heading', text: 'Top', level: 1, locator: { headings: ['Top'] } },
  { kind: 'table-row', text: 'a | «b»', header: 'x | y', locator: { headings: ['Top'], page: 2 } },
  { kind: 'table-row', text: 'c | 日本', header: 'x | y', locator: { headings: ['Top'], row: 3 } },
  ...Array.from({ length: 300 }, (_, index): Block => ({
    kind: 'paragraph',
    text: `${index} ${'ünï'.repeat(index * 9)}`,
    locator: { headings: ['Top'] },
  })),
];

let path: string;
beforeAll(async () => {
  path = join(await mkdtemp(join(tmpdir(), 'parley-spec-')), 'blocks');
});
afterAll(() => rm(join(path, '..'), { recursive: true }));

async function readBack(content: Buffer): Promise<Block[]> {
  await writeFile(path, content);
  return collect(readBlockFile(path));
}

function written(blocks: readonly Block[]): Buffer {
  const pieces: Buffer[] = [];
  const file = new BlockFileWriter((piece) => pieces.push(piece));
  for (const block of blocks) file.add(block);
  file.end();
  return Buffer.concat(pieces);
}

describe('a file of blocks', () => {
  it('gives them back as they were', async () => {
    expect(await readBack(written(BLOCKS))).toEqual(BLOCKS);
    expect(await readBack(Buffer.alloc(0))).toEqual([]);
  });

  it.each([
    ['is no JSON', 'x\n'],
    ['holds no block', '{"blocks":1}\n'],
    ['never ends', `"${'x'.repeat(2_000_000)}`],
  ])('with a line that %s is the work of a crashed reader', async (_, line) => {
    await expect(readBack(Buffer.from(line))).rejects.toMatchObject({ code: 'parser_crashed' });
  });
});
