import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { MIGRATION_NAMES } from '@parley/persistence';
import { type Work } from '../action.js';
import { CliError } from '../cli-error.js';
import { withConnection } from '../database/connection.repository.js';
import { dropParley, inspectTarget, prepareTarget, type TargetState } from '../database/restore.repository.js';
import { countRows } from '../database/snapshot.repository.js';
import { EXIT } from '../exit-code.js';
import { type BackupTarget } from './backup-target.js';
import { checkBackup, restorable } from './check-backup.js';
import { type BackupJob } from './create-backup.js';
import { filesOf, type Manifest } from './manifest.js';
import { requireTool, type RunningTool, startTool } from './postgres-tools.js';
import { type RestoredBlobs, restoreBlobs } from './restore-blobs.js';

const PSQL_OPTIONS = ['--no-psqlrc', '--quiet', '--set=ON_ERROR_STOP=1', '--output=/dev/null'];
/** Naming a vector loads pgvector. */
const BEGIN = `begin; select '[1]'::public.vector;\n`;

export interface RestoreReport {
  manifest: Manifest;
  blobs: RestoredBlobs;
  /** Tables whose rows are not as many as in the backup. */
  differences: { table: string; expected: number; found: number }[];
}

/**
 * Brings database and store to what a backup has. Nothing is touched before everything of the backup was read and found
 * unharmed; the database then changes in one transaction.
 * @throws CliError `refused` when the database is not empty and nobody insists
 */
export async function restoreBackup(
  job: BackupJob,
  { manifest, force }: { manifest: Manifest; force: boolean },
  work: Work,
): Promise<RestoreReport> {
  const { databaseUrl, target } = job;
  await withConnection(databaseUrl, async (connection) =>
    assertMayRestore(await inspectTarget(connection), manifest, force),
  );
  for (const tool of ['pg_restore', 'psql'] as const) await requireTool(tool, manifest.postgres.version);
  const faults = await checkBackup(target, manifest, work);
  if (faults.length > 0)
    throw new CliError(
      EXIT.failed,
      `The backup ${manifest.id} is damaged; nothing was restored:\n  ${faults.join('\n  ')}`,
    );
  const blobs = await restoreBlobs(restorable(target, manifest), job, work, manifest.blobs.count);
  await withConnection(databaseUrl, async (connection) => {
    if (force) await dropParley(connection);
    await prepareTarget(connection, manifest.postgres.roles);
  });
  await restoreDatabase(job, manifest, work);
  return { manifest, blobs, differences: await compareCounts(databaseUrl, manifest) };
}

function assertMayRestore(state: TargetState, { migration, postgres }: Manifest, force: boolean): void {
  if (!MIGRATION_NAMES.includes(migration))
    throw new CliError(
      EXIT.usage,
      `The backup was made by a newer Parley, with the migration ${migration}.`,
      'Take that version, or a newer one.',
    );
  if (Number.parseInt(state.serverVersion, 10) < Number.parseInt(postgres.version, 10))
    throw new CliError(
      EXIT.usage,
      `The backup is of PostgreSQL ${postgres.version}, and this is ${state.serverVersion}.`,
      'Restore to a server that is not older.',
    );
  if (state.connectedApps > 0)
    throw new CliError(
      EXIT.refused,
      `${state.connectedApps} connections of Parley's apps are open on this database.`,
      'Stop the apps first.',
    );
  if (state.tables > 0 && !force)
    throw new CliError(
      EXIT.refused,
      `The database is not empty: it has ${state.tables} tables.`,
      'Restore to an empty one, or give --force to lose what is in it.',
    );
}

/**
 * As a script, because functions of ours have settings of pgvector: whoever is no superuser may make them only where pgvector
 * is loaded already, which no option of pg_restore can see to.
 */
async function restoreDatabase({ databaseUrl, target }: BackupJob, manifest: Manifest, work: Work): Promise<void> {
  const { dump } = filesOf(manifest.id);
  const folder = await mkdtemp(join(tmpdir(), 'parley-restore-'));
  try {
    const contents = join(folder, 'contents.list');
    await writeFile(contents, wanted(await contentsOf(target, dump, work.signal)));
    const script = startTool('pg_restore', ['--file=-', `--use-list=${contents}`], null, work.signal);
    const database = startTool('psql', PSQL_OPTIONS, databaseUrl, work.signal);
    let bytes = 0;
    const content = await target.read(dump);
    content.on('data', (chunk: Buffer) => {
      work.progress.update('database', (bytes += chunk.length), manifest.postgres.dump.bytes, 'bytes');
    });
    await runInTransaction(script, database, () => feed(content, script.child.stdin!));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The commit is sent when the script is complete, and not because it ended: what dies half-way changes nothing. */
async function runInTransaction(
  script: RunningTool,
  database: RunningTool,
  feeding: () => Promise<void>,
): Promise<void> {
  const { stdin } = database.child;
  stdin!.write(BEGIN);
  const [isHeardOut] = await Promise.all([passOn(script.child.stdout!, stdin!), feeding()]);
  // Whoever died first knows why.
  if (!isHeardOut) await database.ended;
  await script.ended.catch(async (error: unknown) => {
    database.child.kill();
    await database.ended.catch(() => undefined);
    throw error;
  });
  stdin!.end('commit;\n');
  await database.ended;
}

/** Everything but the end. @returns false when the listener went away before */
function passOn(content: Readable, listener: NodeJS.WritableStream): Promise<boolean> {
  return new Promise((resolve) => {
    content.once('end', () => resolve(true));
    listener.once('close', () => {
      content.destroy();
      resolve(false);
    });
    content.pipe(listener, { end: false });
  });
}

async function contentsOf(target: BackupTarget, dump: string, signal: AbortSignal): Promise<string> {
  const { child, ended } = startTool('pg_restore', ['--list'], null, signal);
  // It reads the beginning alone, which is where the list stands.
  const [list] = await Promise.all([text(child.stdout!), feed(await target.read(dump), child.stdin!), ended]);
  return list;
}

/** Until the end, or until the tool has seen enough. */
function feed(content: Readable, stdin: NodeJS.WritableStream): Promise<void> {
  return new Promise((resolve, reject) => {
    content.once('error', reject);
    stdin.once('close', () => {
      content.destroy();
      resolve();
    });
    content.pipe(stdin);
  });
}

/** The extension and the schema public belong to whoever made the database, who is not always we. */
export function wanted(contents: string): string {
  const isOthers = /^\d+;.* (EXTENSION|COMMENT) - (EXTENSION )?\w+ |^\d+;.* (SCHEMA|ACL|COMMENT) - (SCHEMA )?public /;
  return contents
    .split('\n')
    .filter((line) => !isOthers.test(line))
    .join('\n');
}

function compareCounts(databaseUrl: string, { postgres }: Manifest): Promise<RestoreReport['differences']> {
  return withConnection(databaseUrl, async (connection) => {
    const found = await countRows(connection);
    const tables = new Set([...Object.keys(postgres.tables), ...Object.keys(found)]);
    return [...tables]
      .map((table) => ({ table, expected: postgres.tables[table] ?? 0, found: found[table] ?? 0 }))
      .filter(({ expected, found: rows }) => expected !== rows);
  });
}
