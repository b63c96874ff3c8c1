/** What a backup is made of. It is written last: without it, a backup is unfinished and nobody restores it. */
export interface Manifest {
  format: 1;
  /** `20261126T020000Z-1a2b3c4d`: sorted by name is sorted by time. */
  id: string;
  /** ISO 8601, of the snapshot: everything committed before is in it, nothing after. */
  takenAt: string;
  finishedAt: string;
  parleyVersion: string;
  /** Name of the last migration; null would be an empty database. */
  migration: string;
  postgres: { version: string; dump: FileRecord; roles: string[]; tables: Record<string, number> };
  blobs: { count: number; bytes: number; list: FileRecord; problems: BlobProblem[] };
}

export interface FileRecord {
  bytes: number;
  /** hexadecimal */
  sha256: string;
}

/** `deleted`: by its owner while the backup ran. `missing` and `damaged` were so before. */
export interface BlobProblem {
  key: string;
  reason: 'deleted' | 'missing' | 'damaged';
}

export const MAX_PROBLEMS = 1_000;
export const BACKUPS = 'backups';
const ID = /^\d{8}T\d{6}Z-[0-9a-f]{8}$/;

export const filesOf = (id: string) => ({
  manifest: `${BACKUPS}/${id}/manifest.json`,
  dump: `${BACKUPS}/${id}/database.dump`,
  blobList: `${BACKUPS}/${id}/blobs.jsonl`,
});

/** All backups of a target share the originals, which never change: each is kept once. */
export const blobFile = (key: string) => `blobs/${key}`;

export function backupId(takenAt: Date, random: string): string {
  return `${takenAt.toISOString().replace(/[-:]|\.\d+/g, '')}-${random}`;
}

export function isBackupId(name: string): boolean {
  return ID.test(name);
}

/** When it was begun, by its id. */
export function begunAt(id: string): Date {
  const [, year, month, day, hour, minute, second] = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z/.exec(id)!;
  return new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
}

/** Null for what is cut short or of another kind: such a backup counts as unfinished. */
export function parseManifest(text: string): Manifest | null {
  try {
    const manifest = JSON.parse(text) as Partial<Manifest>;
    return manifest.format === 1 && isBackupId(manifest.id ?? '') && manifest.postgres && manifest.blobs
      ? (manifest as Manifest)
      : null;
  } catch {
    return null;
  }
}
