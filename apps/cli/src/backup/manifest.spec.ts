import { describe, expect, it } from '@jest/globals';
import { keysOnlyIn } from './blob-list.js';
import { concurrently } from './concurrently.js';
import { backupId, begunAt, isBackupId, parseManifest } from './manifest.js';
import { wanted } from './restore-backup.js';

const ID = '20261126T020304Z-1a2b3c4d';

describe('a manifest', () => {
  it('has an id that sorts by time and tells it', () => {
    const takenAt = new Date('2026-11-26T02:03:04.567Z');
    expect(backupId(takenAt, '1a2b3c4d')).toBe(ID);
    expect(isBackupId(ID)).toBe(true);
    expect(begunAt(ID).toISOString()).toBe('2026-11-26T02:03:04.000Z');
    expect(isBackupId('lost+found')).toBe(false);
  });

  it('that is cut short, or of another kind, is none', () => {
    const text = JSON.stringify({ format: 1, id: ID, postgres: {}, blobs: {} });
    expect(parseManifest(text)).toMatchObject({ id: ID });
    expect(parseManifest(text.slice(0, -5))).toBeNull();
    expect(parseManifest('{"format":2}')).toBeNull();
    expect(parseManifest('')).toBeNull();
  });
});

describe('keysOnlyIn', () => {
  async function* list(...keys: string[]) {
    for (const key of keys) yield { key };
  }
  const only = async (some: AsyncIterable<{ key: string }>[], others: AsyncIterable<{ key: string }>[]) => {
    const keys: string[] = [];
    for await (const key of keysOnlyIn(some, others)) keys.push(key);
    return keys;
  };

  it('tells each key once that none of the others has', async () => {
    expect(await only([list('a', 'b', 'd'), list('b', 'c', 'e')], [list('c'), list('b', 'f')])).toEqual([
      'a',
      'd',
      'e',
    ]);
    expect(await only([list('a')], [])).toEqual(['a']);
    expect(await only([list()], [list('a')])).toEqual([]);
  });
});

describe('concurrently', () => {
  async function* numbers(count: number) {
    for (let number = 0; number < count; number++) yield number;
  }

  it('does no more at once than it may', async () => {
    let [running, most, done] = [0, 0, 0];
    await concurrently(numbers(20), 3, async () => {
      most = Math.max(most, ++running);
      await new Promise(setImmediate);
      running -= 1;
      done += 1;
    });
    expect({ most, done }).toEqual({ most: 3, done: 20 });
  });

  it('begins nothing more after a failure, and throws it', async () => {
    let begun = 0;
    const work = concurrently(numbers(1_000), 2, async (number) => {
      begun += 1;
      if (number === 3) throw new Error('the disk is full');
    });
    await expect(work).rejects.toThrow('the disk is full');
    expect(begun).toBeLessThan(10);
  });
});

it('restores no extension and not the schema public, which belong to whoever made the database', () => {
  const list = [
    '; Archive created at 2026-11-26',
    '6; 2615 16385 SCHEMA - chat parley_owner',
    '2; 3079 16389 EXTENSION - vector ',
    '4321; 0 0 COMMENT - EXTENSION vector ',
    '5; 2615 2200 SCHEMA - public pg_database_owner',
    '4300; 0 0 ACL - SCHEMA public pg_database_owner',
    '4299; 0 0 COMMENT - SCHEMA public pg_database_owner',
    '4301; 0 0 ACL - SCHEMA chat parley_owner',
    '230; 1259 16500 TABLE public parley_migrations parley',
    '4400; 0 0 COMMENT identity COLUMN tenants.is_platform parley_owner',
  ];
  expect(wanted(list.join('\n')).split('\n')).toEqual([list[0], list[1], ...list.slice(7)]);
});
