import { createWriteStream } from 'node:fs';
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

const PREFIX = 'parley-ingest-';
/** Far longer than any attempt at a document. */
const ABANDONED_AFTER_MS = 6 * 3_600_000;

/** Parsers read a file: the content goes to disk as it comes and is gone again when the work is over. */
export async function withLocalCopy<T>(
  content: Readable,
  signal: AbortSignal,
  work: (path: string) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), PREFIX)).catch((error: unknown) => {
    content.destroy();
    throw error;
  });
  try {
    const path = join(folder, 'original');
    await pipeline(content, createWriteStream(path), { signal });
    return await work(path);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Removes what workers left behind that were killed; what cannot be removed stays for the next time. */
export async function removeAbandonedCopies(parent = tmpdir()): Promise<void> {
  const names = await readdir(parent).catch(() => []);
  for (const name of names.filter((entry) => entry.startsWith(PREFIX))) {
    const folder = join(parent, name);
    const { mtimeMs } = await stat(folder).catch(() => ({ mtimeMs: Infinity }));
    const isAbandoned = Date.now() - mtimeMs > ABANDONED_AFTER_MS;
    if (isAbandoned) await rm(folder, { recursive: true, force: true }).catch(() => undefined);
  }
}
