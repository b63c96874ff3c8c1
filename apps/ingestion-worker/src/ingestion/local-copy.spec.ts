import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { afterEach, describe, expect, it } from '@jest/globals';
import { removeAbandonedCopies, withLocalCopy } from './local-copy.js';

const running = () => new AbortController().signal;

describe('withLocalCopy', () => {
  it('lends a file with the content and takes it away afterwards', async () => {
    const path = await withLocalCopy(Readable.from(['a', 'b']), running(), async (copy) => {
      expect(readFileSync(copy, 'utf8')).toBe('ab');
      return copy;
    });
    expect(existsSync(path)).toBe(false);
  });

  it('leaves nothing behind when the work fails', async () => {
    let path = '';
    const attempt = withLocalCopy(Readable.from(['a']), running(), async (copy) => {
      path = copy;
      throw new Error('unreadable');
    });
    await expect(attempt).rejects.toThrow('unreadable');
    expect(existsSync(path)).toBe(false);
  });

  it('gives up a content that never ends when told to', async () => {
    const stop = new AbortController();
    const endless = new PassThrough();
    const attempt = withLocalCopy(endless, stop.signal, async () => 'never');
    stop.abort();
    await expect(attempt).rejects.toThrow(/abort/i);
    expect(endless.destroyed).toBe(true);
  });
});

describe('removeAbandonedCopies', () => {
  const parent = mkdtempSync(join(tmpdir(), 'parley-spec-'));

  afterEach(() => rmSync(parent, { recursive: true, force: true }));

  it('removes what a killed worker left behind, and nothing that may be in use or is not ours', async () => {
    const yesterday = new Date(Date.now() - 24 * 3_600_000);
    for (const name of ['parley-ingest-new', 'parley-ingest-old', 'other-old']) {
      mkdirSync(join(parent, name));
      if (name.endsWith('old')) utimesSync(join(parent, name), yesterday, yesterday);
    }
    await removeAbandonedCopies(parent);
    expect(readdirSync(parent).toSorted()).toEqual(['other-old', 'parley-ingest-new']);
  });
});
