import { type Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type BlobStore } from '@parley/blobs';
import { type Work } from '../action.js';
import { type BackupTarget } from './backup-target.js';
import { type ListedBlob } from './blob-list.js';
import { concurrently } from './concurrently.js';
import { Hashed, hashOf } from './hashed.js';
import { blobFile } from './manifest.js';

const BLOBS_AT_ONCE = 8;
const MAX_TOLD = 1_000;

export interface RestoredBlobs {
  copied: number;
  /** Were in the store already, unharmed. */
  present: number;
  /** Neither there nor in the target. */
  missing: string[];
}

/** Puts originals back, those that are not in the store as they should be. Done again, it copies nothing. */
export async function restoreBlobs(
  blobs: AsyncIterable<ListedBlob>,
  { target, originals }: { target: BackupTarget; originals: BlobStore },
  { progress, signal }: Work,
  total: number | null,
): Promise<RestoredBlobs> {
  const restored: RestoredBlobs = { copied: 0, present: 0, missing: [] };
  await concurrently(blobs, BLOBS_AT_ONCE, async (blob) => {
    signal.throwIfAborted();
    const outcome = await restoreBlob(blob, target, originals);
    if (outcome !== 'missing') restored[outcome] += 1;
    else if (restored.missing.length < MAX_TOLD) restored.missing.push(blob.key);
    progress.update('originals', restored.copied + restored.present, total);
  });
  return restored;
}

async function restoreBlob(
  { key, bytes, sha256 }: ListedBlob,
  target: BackupTarget,
  originals: BlobStore,
): Promise<'copied' | 'present' | 'missing'> {
  if ((await originals.bytesOf(key)) === bytes && (await hashOf(await originals.get(key))).sha256 === sha256)
    return 'present';
  let content: Readable;
  try {
    content = await target.read(blobFile(key));
  } catch (error) {
    if ((error as { code?: string }).code === 'not_found') return 'missing';
    throw error;
  }
  const hashed = new Hashed();
  await Promise.all([pipeline(content, hashed), originals.put(key, hashed)]);
  if (hashed.record().sha256 === sha256) return 'copied';
  await originals.delete(key);
  return 'missing';
}
