import { randomUUID } from 'node:crypto';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { FSDriver } from 'flydrive/drivers/fs';
import { BlobStore } from './blob-store.js';

describe('BlobStore on a folder', () => {
  let folder: string;
  let store: BlobStore;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'parley-blobs-'));
    store = new BlobStore(new FSDriver({ location: folder, visibility: 'private' }));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it('gives back what was put', async () => {
    await store.put('tenant/file', Readable.from([Buffer.from('hello '), Buffer.from('world')]));
    expect(await text(await store.get('tenant/file'))).toBe('hello world');
  });

  it('says not_found for a key that is not there', async () => {
    await expect(store.get('tenant/nothing')).rejects.toMatchObject({ code: 'not_found' });
  });

  it('deletes, and deleting again is fine', async () => {
    await store.put('tenant/file', Readable.from(['x']));
    await store.delete('tenant/file');
    await store.delete('tenant/file');
    await expect(store.get('tenant/file')).rejects.toMatchObject({ code: 'not_found' });
  });

  it('lists keys page by page, of one tenant or of all, with the time they were stored', async () => {
    const pagesOf = async (listing: AsyncIterable<string[]>) => {
      const pages: string[][] = [];
      for await (const page of listing) pages.push(page);
      return pages;
    };
    const [one, two] = [randomUUID(), randomUUID()];
    expect(await pagesOf(store.keys())).toEqual([]);
    expect(await pagesOf(store.keysOf(one))).toEqual([]);
    const keys = [one, one, two].map((tenantId) => `${tenantId}/${randomUUID()}`);
    for (const key of [...keys, 'somebody/elses', `${one}/else`]) await store.put(key, Readable.from(['x']));
    expect((await pagesOf(store.keys())).flat().sort()).toEqual([...keys].sort());
    expect((await pagesOf(store.keysOf(one))).flat().sort()).toEqual(keys.slice(0, 2).sort());
    for (let n = 0; n < 1_001; n++) await writeFile(join(folder, two, randomUUID()), '');
    expect((await pagesOf(store.keysOf(two))).map(({ length }) => length)).toEqual([1_000, 2]);
    expect(Math.abs(Date.now() - (await store.storedAt(keys[0]!))!.getTime())).toBeLessThan(60_000);
    expect(await store.storedAt(`${one}/${two}`)).toBeNull();
  });

  it('stops reading and says service_unavailable when the folder cannot be written', async () => {
    const blocked = new BlobStore(new FSDriver({ location: join(folder, 'occupied'), visibility: 'private' }));
    await writeFile(join(folder, 'occupied'), 'a file where a folder should be');
    const content = new PassThrough();
    content.write(Buffer.alloc(1 << 20));
    await expect(blocked.put('tenant/file', content)).rejects.toMatchObject({ code: 'service_unavailable' });
    expect(content.destroyed).toBe(true);
  });

  it('leaves nothing behind when the stream fails half-way, and passes its error on', async () => {
    const content = new PassThrough();
    content.write('half');
    const failure = new Error('client went away');
    setImmediate(() => content.destroy(failure));
    await expect(store.put('tenant/file', content)).rejects.toBe(failure);
    expect((await readdir(folder, { recursive: true })).filter((name) => name.endsWith('file'))).toEqual([]);
  });
});
