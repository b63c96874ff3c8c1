import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { removeAbandonedWorkspaces, withWorkspace } from './workspace.js';

/** Above what the system gives to processes. */
const NO_PROCESS = 2 ** 22 + 1;

let parent: string;
beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'parley-spec-'));
});
afterEach(() => rmSync(parent, { recursive: true, force: true }));

describe('withWorkspace', () => {
  it('lends a folder and takes it away afterwards', async () => {
    const folder = await withWorkspace(async (lent) => {
      mkdirSync(join(lent, 'something'));
      return lent;
    }, parent);
    expect(existsSync(folder)).toBe(false);
  });

  it('leaves nothing behind when the work fails', async () => {
    const attempt = withWorkspace(() => Promise.reject(new Error('unreadable')), parent);
    await expect(attempt).rejects.toThrow('unreadable');
    expect(readdirSync(parent)).toEqual([]);
  });
});

describe('removeAbandonedWorkspaces', () => {
  const name = (host: string, pid: number): string => `parley-ingest-${host}-${pid}-0123abcd-x`;

  it('removes what killed workers left behind, and nothing that may be in use or is not ours', async () => {
    const yesterday = new Date(Date.now() - 24 * 3_600_000);
    const kept = [name('elsewhere', NO_PROCESS), name(hostname(), process.ppid), 'other-old'];
    const removed = [name(hostname(), NO_PROCESS), name(hostname(), process.pid), 'parley-ingest-old'];
    for (const each of [...kept, ...removed]) mkdirSync(join(parent, each));
    for (const each of ['other-old', 'parley-ingest-old']) utimesSync(join(parent, each), yesterday, yesterday);

    await withWorkspace(async (own) => {
      await removeAbandonedWorkspaces(parent);
      expect(
        readdirSync(parent)
          .map((each) => join(parent, each))
          .toSorted(),
      ).toEqual([own, ...kept.map((each) => join(parent, each))].toSorted());
    }, parent);
  });
});
