import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { type BackupTarget } from './backup-target.js';
import { filesOf } from './manifest.js';

/** An original as the database knows it. */
export interface ListedBlob {
  key: string;
  bytes: number;
  sha256: string;
}

/** A line each, ordered by key: lists can be compared without any being in memory. */
export function writeBlobList(blobs: AsyncIterable<ListedBlob>): Readable {
  async function* lines() {
    for await (const blob of blobs) yield Buffer.from(`${JSON.stringify(blob)}\n`);
  }
  return Readable.from(lines());
}

export async function* readBlobList(target: BackupTarget, id: string): AsyncGenerator<ListedBlob, void, undefined> {
  const content = await target.read(filesOf(id).blobList);
  const lines = createInterface({ input: content, crlfDelay: Infinity });
  // A reader that stops early must not leave the connection behind.
  try {
    for await (const line of lines) if (line !== '') yield JSON.parse(line) as ListedBlob;
  } finally {
    content.destroy();
  }
}

/** Keys of `some` that none of `others` has. All are ordered; of each, one key is in memory. */
export async function* keysOnlyIn(
  some: AsyncIterable<{ key: string }>[],
  others: AsyncIterable<{ key: string }>[],
): AsyncGenerator<string, void, undefined> {
  const kept = merged(others);
  try {
    let other = await kept.next();
    for await (const key of merged(some)) {
      while (!other.done && other.value < key) other = await kept.next();
      if (other.done || other.value !== key) yield key;
    }
  } finally {
    await kept.return();
  }
}

/** Every key once, in order. */
async function* merged(lists: AsyncIterable<{ key: string }>[]): AsyncGenerator<string, void, undefined> {
  const iterators = lists.map((list) => list[Symbol.asyncIterator]());
  try {
    const heads = await Promise.all(iterators.map(async (iterator) => keyOf(await iterator.next())));
    for (;;) {
      const least = heads.reduce((min, key) => (key !== null && (min === null || key < min) ? key : min), null);
      if (least === null) return;
      yield least;
      for (const [index, key] of heads.entries())
        if (key === least) heads[index] = keyOf(await iterators[index]!.next());
    }
  } finally {
    for (const iterator of iterators) await iterator.return?.();
  }
}

function keyOf(result: IteratorResult<{ key: string }>): string | null {
  return result.done ? null : result.value.key;
}
