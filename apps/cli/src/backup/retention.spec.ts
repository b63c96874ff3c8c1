import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { BackupTarget } from './backup-target.js';
import { writeBlobList } from './blob-list.js';
import { blobFile, filesOf } from './manifest.js';
import { expired, prune } from './retention.js';

const NOW = new Date('2026-03-31T12:00:00Z');
const whole = (id: string) => ({ id, isWhole: true });
const unfinished = (id: string) => ({ id, isWhole: false });

describe('which backups have expired', () => {
  it('are those that are too old, and none that is not', () => {
    const [old, young] = ['20260228T020000Z-00000001', '20260302T020000Z-00000002'];
    expect(expired([whole(old), whole(young)], 30, NOW)).toEqual([old]);
  });

  it('is never the newest whole one, however old', () => {
    expect(expired([whole('20200101T020000Z-00000001')], 30, NOW)).toEqual([]);
    const [older, newest] = ['20200101T020000Z-00000001', '20200102T020000Z-00000002'];
    expect(expired([whole(older), whole(newest), unfinished('20260331T110000Z-00000003')], 30, NOW)).toEqual([older]);
  });

  it('are unfinished ones after a day, when nobody works on them any more', () => {
    const [left, underWay] = ['20260330T110000Z-00000001', '20260331T110000Z-00000002'];
    expect(expired([unfinished(left), unfinished(underWay)], 30, NOW)).toEqual([left]);
  });
});

describe('prune', () => {
  let folder: string;
  let target: BackupTarget;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'parley-prune-'));
    target = await BackupTarget.open(folder, {});
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  const put = async (id: string, keys: string[], isWhole: boolean) => {
    const blobs = Readable.from(keys.map((key) => ({ key, bytes: 1, sha256: 'x' }))) as AsyncIterable<never>;
    await target.write(filesOf(id).blobList, writeBlobList(blobs));
    await target.writeText(filesOf(id).dump, 'dump');
    for (const key of keys) await target.writeText(blobFile(key), 'x');
    if (isWhole)
      await target.writeText(filesOf(id).manifest, JSON.stringify({ format: 1, id, postgres: {}, blobs: {} }));
  };
  const blobsLeft = async () => (await readdir(join(folder, 'blobs/t'))).sort();

  it('removes originals that no other backup has, finished or under way, and keeps all others', async () => {
    await put('20260101T020000Z-00000001', ['t/a', 't/b', 't/c', 't/e'], true);
    await put('20260330T020000Z-00000002', ['t/b', 't/d'], true);
    await put('20260331T110000Z-00000003', ['t/e'], false);
    const pruned = await prune(target, 30, NOW);
    expect(pruned).toEqual({ removed: ['20260101T020000Z-00000001'], blobs: 2 });
    expect(await blobsLeft()).toEqual(['b', 'd', 'e']);
    expect(await readdir(join(folder, 'backups/20260101T020000Z-00000001'))).toEqual([]);
  });

  it('finishes what was cut short before', async () => {
    await put('20260101T020000Z-00000001', ['t/a'], false);
    await put('20260330T020000Z-00000002', ['t/b'], true);
    expect(await prune(target, 30, NOW)).toEqual({ removed: ['20260101T020000Z-00000001'], blobs: 1 });
    expect(await blobsLeft()).toEqual(['b']);
  });
});
