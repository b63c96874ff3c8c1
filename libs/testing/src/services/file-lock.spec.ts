import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { withFileLock } from './file-lock.js';

describe('withFileLock', () => {
  let folder: string;
  let path: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'parley-lock-'));
    path = join(folder, 'lock');
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('lets one piece of work in at a time and leaves nothing behind', async () => {
    let inside = 0;
    const work = async () => {
      inside++;
      await new Promise((resolve) => setImmediate(resolve));
      expect(inside--).toBe(1);
    };
    await Promise.all([1, 2, 3].map(() => withFileLock(path, work, { timeoutMs: 5_000 })));
    expect(await readdir(folder)).toEqual([]);
  });

  it('takes the lock from a holder that died', async () => {
    await writeFile(path, JSON.stringify({ pid: process.pid, startMark: 'another process with the same pid' }));
    await expect(withFileLock(path, () => Promise.resolve('done'), { timeoutMs: 2_000 })).resolves.toBe('done');
  });

  it('gives up on a holder that lives', async () => {
    await withFileLock(
      path,
      () => expect(withFileLock(path, () => Promise.resolve(), { timeoutMs: 10 })).rejects.toThrow(/longer than 10 ms/),
      { timeoutMs: 100 },
    );
  });
});
