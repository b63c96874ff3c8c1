import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';

const PREFIX = 'parley-ingest-';
/** Far longer than any attempt at a document. */
const ABANDONED_AFTER_MS = 6 * 3_600_000;
/** A process that is started again, in a container for example, may have the same number as the one before it. */
const LIFE = randomBytes(4).toString('hex');
const OWNER = /^parley-ingest-(?<host>.+)-(?<pid>\d+)-(?<life>[0-9a-f]{8})-[^-]+$/;

/** A folder for the files of one attempt at a document, which is gone again when the work is over. */
export async function withWorkspace<T>(work: (folder: string) => Promise<T>, parent = tmpdir()): Promise<T> {
  const folder = await mkdtemp(join(parent, `${PREFIX}${hostname()}-${process.pid}-${LIFE}-`));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/**
 * Removes what workers left behind that were killed: at once when the process is known to be gone, and in time in any
 * case. What cannot be removed stays for the next time.
 */
export async function removeAbandonedWorkspaces(parent = tmpdir()): Promise<void> {
  const names = await readdir(parent).catch(() => []);
  for (const name of names.filter((entry) => entry.startsWith(PREFIX))) {
    const folder = join(parent, name);
    if (isOwnerGone(name) || (await isOld(folder)))
      await rm(folder, { recursive: true, force: true }).catch(() => undefined);
  }
}

/** Only processes of this machine can be asked for. */
function isOwnerGone(name: string): boolean {
  const { host, pid, life } = OWNER.exec(name)?.groups ?? {};
  if (host !== hostname()) return false;
  if (Number(pid) === process.pid) return life !== LIFE;
  try {
    process.kill(Number(pid), 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
}

async function isOld(folder: string): Promise<boolean> {
  const { mtimeMs } = await stat(folder).catch(() => ({ mtimeMs: Infinity }));
  return Date.now() - mtimeMs > ABANDONED_AFTER_MS;
}
