import { type BackupTarget } from './backup-target.js';
import { keysOnlyIn, readBlobList } from './blob-list.js';
import { begunAt, blobFile, filesOf } from './manifest.js';

const DAY_MS = 24 * 3_600_000;
/** What has not become whole in this time never will. */
const UNFINISHED_MS = DAY_MS;

export interface KnownBackup {
  id: string;
  isWhole: boolean;
}

/**
 * Which backups go: whole ones older than `keepDays`, but never the newest one, and unfinished ones that nobody is working
 * on any more.
 */
export function expired(backups: readonly KnownBackup[], keepDays: number, now: Date): string[] {
  const age = (id: string) => now.getTime() - begunAt(id).getTime();
  const newest = backups.findLast(({ isWhole }) => isWhole)?.id;
  return backups
    .filter(({ id, isWhole }) => (isWhole ? id !== newest && age(id) > keepDays * DAY_MS : age(id) > UNFINISHED_MS))
    .map(({ id }) => id);
}

export interface Pruned {
  removed: string[];
  /** Originals that no backup needs any more. */
  blobs: number;
}

/** Removes what has expired. Cut short, it leaves unfinished backups, which the next time removes. */
export async function prune(target: BackupTarget, keepDays: number, now = new Date()): Promise<Pruned> {
  const known: KnownBackup[] = [];
  for (const id of await target.ids()) known.push({ id, isWhole: (await target.manifest(id)) !== null });
  const removed = expired(known, keepDays, now);
  if (removed.length === 0) return { removed, blobs: 0 };
  // First of all, nobody may take them for whole.
  for (const id of removed) await target.remove(filesOf(id).manifest);
  const listsOf = async (ids: string[]) => {
    const withList = [];
    for (const id of ids) if ((await target.bytesOf(filesOf(id).blobList)) !== null) withList.push(id);
    return withList.map((id) => readBlobList(target, id));
  };
  const kept = known.map(({ id }) => id).filter((id) => !removed.includes(id));
  let blobs = 0;
  for await (const key of keysOnlyIn(await listsOf(removed), await listsOf(kept))) {
    await target.remove(blobFile(key));
    blobs += 1;
  }
  for (const id of removed) {
    await target.remove(filesOf(id).dump);
    await target.remove(filesOf(id).blobList);
  }
  return { removed, blobs };
}
