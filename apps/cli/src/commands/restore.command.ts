import { BlobsConfig, loadConfig } from '@parley/config';
import { Command } from 'commander';
import { action, type Answer, type Work } from '../action.js';
import { type BackupTarget } from '../backup/backup-target.js';
import { type BackupJob } from '../backup/create-backup.js';
import { type Manifest } from '../backup/manifest.js';
import { CliError } from '../cli-error.js';
import { databaseUrl } from '../database/connection.repository.js';
import { EXIT } from '../exit-code.js';
import { type Terminal } from '../terminal.js';

interface Options {
  id: string;
  force?: boolean;
  check?: boolean;
  originalsOnly?: boolean;
}

const HELP = `
Restores into the database and the store that the environment names: DATABASE_URL of a login that may create roles, schemas
and extensions, BLOB_STORE and its settings. Stop the apps first. Everything of the backup is read and compared with its
hashes before anything is changed. Afterwards parley migrate brings an older backup to this version.`;

export const restoreCommand = (terminal: Terminal): Command =>
  new Command('restore')
    .description('bring database and originals to what a backup has')
    .argument('[target]', 'where backups are: a folder, or s3://bucket/prefix; default: BACKUP_TARGET')
    .option('--id <backup>', 'which one (parley backup --list); the newest whole one', 'latest')
    .option('--force', 'lose what is in the database')
    .option('--check', 'only compare the backup with its hashes')
    .option(
      '--originals-only',
      'put back originals that the database names and the store lacks, after a recovery to a point in time',
    )
    .addHelpText('after', HELP)
    .action(
      action(terminal, async (work, name: string | undefined, options: Options) => {
        const { environment } = work.terminal;
        const { BackupTarget: Target } = await import('../backup/backup-target.js');
        const target = await Target.open(name, environment);
        if (options.check) return check(target, await chosen(target, options.id), work);
        const { BlobStore, createBlobDriver } = await import('@parley/blobs');
        const originals = new BlobStore(await createBlobDriver(loadConfig({ blobs: BlobsConfig }, environment).blobs));
        const job = { databaseUrl: databaseUrl(environment), originals, target };
        if (options.originalsOnly) return restoreOriginals(job, work);
        return restore(job, { manifest: await chosen(target, options.id), force: options.force === true }, work);
      }),
    );

/** @throws CliError when there is no such backup, or it never became whole */
async function chosen(target: BackupTarget, id: string): Promise<Manifest> {
  const manifest = id === 'latest' ? (await target.manifests()).at(-1) : await target.manifest(id);
  if (manifest) return manifest;
  const message = id === 'latest' ? `There is no whole backup in ${target.name}.` : `${id} is no whole backup.`;
  throw new CliError(EXIT.usage, message, 'parley backup --list shows what is there.');
}

async function check(target: BackupTarget, manifest: Manifest, work: Work): Promise<Answer> {
  const { checkBackup } = await import('../backup/check-backup.js');
  const faults = await checkBackup(target, manifest, work);
  return {
    text: faults.length === 0 ? `${manifest.id} is unharmed.` : `${manifest.id} is damaged:\n  ${faults.join('\n  ')}`,
    data: { id: manifest.id, faults },
    exitCode: faults.length === 0 ? EXIT.done : EXIT.findings,
  };
}

async function restore(job: BackupJob, wish: { manifest: Manifest; force: boolean }, work: Work): Promise<Answer> {
  const { restoreBackup } = await import('../backup/restore-backup.js');
  const { manifest, blobs, differences } = await restoreBackup(job, wish, work);
  const rows = Object.values(manifest.postgres.tables).reduce((sum, count) => sum + count, 0);
  const absent = manifest.blobs.problems;
  const lines = [
    `${manifest.id} is restored: as of ${manifest.takenAt}, ${rows} rows, ${blobs.copied} originals copied, ${blobs.present} were there.`,
    ...differences.map(({ table, expected, found }) => `  ${table} has ${found} rows instead of ${expected}`),
    ...blobs.missing.map((key) => `  ${key} could not be put back`),
    ...absent.map(({ key, reason }) => `  ${key} is not in the backup (${reason})`),
  ];
  const isWhole = differences.length === 0 && blobs.missing.length === 0;
  return {
    text: lines.join('\n'),
    data: { id: manifest.id, rows, blobs, differences, absent },
    exitCode: isWhole ? EXIT.done : EXIT.findings,
  };
}

async function restoreOriginals(job: BackupJob, work: Work): Promise<Answer> {
  const { restoreBlobs } = await import('../backup/restore-blobs.js');
  const { listBlobs, withSnapshot } = await import('../database/snapshot.repository.js');
  const blobs = await withSnapshot(job.databaseUrl, work.signal, (connection) =>
    restoreBlobs(listBlobs(connection), job, work, null),
  );
  const lines = [
    `${blobs.copied} originals were put back, ${blobs.present} were there.`,
    ...blobs.missing.map((key) => `  ${key} is in no backup`),
  ];
  return { text: lines.join('\n'), data: blobs, exitCode: blobs.missing.length === 0 ? EXIT.done : EXIT.findings };
}
