import { type Work } from '../action.js';
import { type BackupTarget } from './backup-target.js';
import { type ListedBlob, readBlobList } from './blob-list.js';
import { concurrently } from './concurrently.js';
import { hashOf } from './hashed.js';
import { blobFile, type FileRecord, filesOf, type Manifest } from './manifest.js';

const BLOBS_AT_ONCE = 8;
const MAX_FAULTS = 100;

/** Reads everything of a backup and compares it with what was written. @returns what is not as it was, a line each */
export async function checkBackup(target: BackupTarget, manifest: Manifest, work: Work): Promise<string[]> {
  const faults: string[] = [];
  const report = (fault: string) => {
    if (faults.length < MAX_FAULTS) faults.push(fault);
  };
  const files = filesOf(manifest.id);
  const { dump } = manifest.postgres;
  const { list, count } = manifest.blobs;
  if (!(await isAsRecorded(target, files.dump, dump, work, 'database')))
    report(`${files.dump} is not as it was written`);
  if (!(await isAsRecorded(target, files.blobList, list, work, 'list')))
    return [...faults, `${files.blobList} is not as it was written`];
  let checked = 0;
  await concurrently(restorable(target, manifest), BLOBS_AT_ONCE, async (blob) => {
    work.signal.throwIfAborted();
    const file = blobFile(blob.key);
    if (!(await isAsRecorded(target, file, blob, work))) report(`${file} is missing or not as it was written`);
    work.progress.update('originals', ++checked, count);
  });
  if (checked !== count) report(`${checked} originals are listed, and there should be ${count}`);
  return faults;
}

/** The originals of a backup, without those that it could not have. */
export async function* restorable(
  target: BackupTarget,
  manifest: Manifest,
): AsyncGenerator<ListedBlob, void, undefined> {
  const absent = new Set(manifest.blobs.problems.map(({ key }) => key));
  for await (const blob of readBlobList(target, manifest.id)) if (!absent.has(blob.key)) yield blob;
}

async function isAsRecorded(
  target: BackupTarget,
  file: string,
  expected: FileRecord,
  { progress, signal }: Work,
  label?: string,
): Promise<boolean> {
  if ((await target.bytesOf(file)) !== expected.bytes) return false;
  const onBytes = (bytes: number) => {
    signal.throwIfAborted();
    if (label) progress.update(`checking ${label}`, bytes, expected.bytes, 'bytes');
  };
  return (await hashOf(await target.read(file), onBytes)).sha256 === expected.sha256;
}
