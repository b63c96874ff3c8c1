import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { type Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type BlobStore } from '@parley/blobs';
import { type Work } from '../action.js';
import { type Connection } from '../database/connection.repository.js';
import { countRows, isNamed, listBlobs, type Snapshot, withSnapshot } from '../database/snapshot.repository.js';
import { type BackupTarget } from './backup-target.js';
import { type ListedBlob, readBlobList, writeBlobList } from './blob-list.js';
import { concurrently } from './concurrently.js';
import { Hashed } from './hashed.js';
import {
  backupId,
  blobFile,
  type BlobProblem,
  type FileRecord,
  filesOf,
  type Manifest,
  MAX_PROBLEMS,
} from './manifest.js';
import { requireTool, startTool } from './postgres-tools.js';

const BLOBS_AT_ONCE = 8;
const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

export interface BackupJob {
  databaseUrl: string;
  originals: BlobStore;
  target: BackupTarget;
}

export interface BackupReport {
  manifest: Manifest;
  /** Originals that were not in the target yet. */
  copied: { count: number; bytes: number };
}

/**
 * Database and originals as they were at one moment. The list of originals comes from the same snapshot as the dump, and
 * they never change, so that they may be copied afterwards. The manifest is written when everything else is there.
 */
export function createBackup(job: BackupJob, work: Work): Promise<BackupReport> {
  return withSnapshot(job.databaseUrl, work.signal, async (connection, snapshot) => {
    await requireTool('pg_dump', snapshot.serverVersion);
    const id = backupId(snapshot.takenAt, randomBytes(4).toString('hex'));
    const list = await store(job.target, filesOf(id).blobList, writeBlobList(listBlobs(connection)));
    const tables = await countRows(connection);
    const dump = await dumpDatabase(job, id, snapshot, work);
    // From here on nothing needs the snapshot, which keeps the database from tidying up.
    await connection.query('commit');
    const { blobs, copied } = await copyBlobs(job, { id, connection }, work);
    const manifest: Manifest = {
      format: 1,
      id,
      takenAt: snapshot.takenAt.toISOString(),
      finishedAt: new Date().toISOString(),
      parleyVersion: version,
      migration: snapshot.migration,
      postgres: { version: snapshot.serverVersion, dump, roles: snapshot.roles, tables },
      blobs: { ...blobs, list },
    };
    await job.target.writeText(filesOf(id).manifest, `${JSON.stringify(manifest, null, 2)}\n`);
    return { manifest, copied };
  });
}

async function dumpDatabase(
  { databaseUrl, target }: BackupJob,
  id: string,
  { id: snapshot, databaseBytes }: Snapshot,
  { progress, signal }: Work,
): Promise<FileRecord> {
  // Row security stays on for a login that is not a superuser; that it sees all rows was checked.
  const options = ['--format=custom', `--snapshot=${snapshot}`, '--enable-row-security', '--lock-wait-timeout=30s'];
  const { child, ended } = startTool('pg_dump', options, databaseUrl, signal);
  const onBytes = (bytes: number) => progress.update('database', bytes, Math.max(bytes + 1, databaseBytes), 'bytes');
  const [record] = await Promise.all([store(target, filesOf(id).dump, child.stdout!, onBytes), ended]);
  return record;
}

async function copyBlobs(
  { originals, target }: BackupJob,
  { id, connection }: { id: string; connection: Connection },
  { progress, signal }: Work,
): Promise<{ blobs: { count: number; bytes: number; problems: BlobProblem[] }; copied: BackupReport['copied'] }> {
  const problems: BlobProblem[] = [];
  const blobs = { count: 0, bytes: 0, problems };
  const copied = { count: 0, bytes: 0 };
  const report = (key: string, reason: BlobProblem['reason']) => {
    if (problems.length < MAX_PROBLEMS) problems.push({ key, reason });
  };
  await concurrently(readBlobList(target, id), BLOBS_AT_ONCE, async (blob) => {
    signal.throwIfAborted();
    const outcome = await copyBlob(originals, target, blob);
    if (outcome === 'damaged') return report(blob.key, 'damaged');
    if (outcome === 'absent') return report(blob.key, (await isNamed(connection, blob.key)) ? 'missing' : 'deleted');
    blobs.count += 1;
    blobs.bytes += blob.bytes;
    if (outcome === 'copied') {
      copied.count += 1;
      copied.bytes += blob.bytes;
    }
    progress.update('originals', blobs.count, null);
  });
  return { blobs, copied };
}

type Copied = 'copied' | 'present' | 'absent' | 'damaged';

/** Originals never change: one of the right size that is there already was copied by an earlier backup. */
async function copyBlob(from: BlobStore, target: BackupTarget, { key, bytes, sha256 }: ListedBlob): Promise<Copied> {
  const file = blobFile(key);
  if ((await target.bytesOf(file)) === bytes) return 'present';
  let content: Readable;
  try {
    content = await from.get(key);
  } catch (error) {
    if ((error as { code?: string }).code === 'not_found') return 'absent';
    throw error;
  }
  const record = await store(target, file, content);
  if (record.sha256 === sha256) return 'copied';
  await target.remove(file);
  return 'damaged';
}

/** Streams into a file of the target. */
async function store(
  target: BackupTarget,
  file: string,
  content: Readable,
  onBytes?: (total: number) => void,
): Promise<FileRecord> {
  const hashed = new Hashed(onBytes);
  await Promise.all([pipeline(content, hashed), target.write(file, hashed)]);
  return hashed.record();
}
