import { Command } from 'commander';
import { BlobsConfig, loadConfig } from '@parley/config';
import { action, type Answer, type Work } from '../action.js';
import { type BackupTarget } from '../backup/backup-target.js';
import { type BlobProblem } from '../backup/manifest.js';
import { databaseUrl } from '../database/connection.repository.js';
import { EXIT } from '../exit-code.js';
import { formatBytes } from '../progress.js';
import { type Terminal } from '../terminal.js';
import { parseDays } from './numbers.js';

interface Options {
  keepDays?: number;
  list?: boolean;
}

const HELP = `
Database and originals as they were at one moment, while everything goes on. Originals that an earlier backup has copied are
not copied again. The store of the originals is that of BLOB_STORE and its settings; a target in S3 takes the same settings,
or BACKUP_S3_ENDPOINT, BACKUP_S3_REGION, BACKUP_S3_ACCESS_KEY_ID and BACKUP_S3_SECRET_ACCESS_KEY where they are set.
docs/backup.md tells more.`;

export const backupCommand = (terminal: Terminal): Command =>
  new Command('backup')
    .description('back the database and all originals up')
    .argument('[target]', 'a folder, or s3://bucket/prefix; default: BACKUP_TARGET')
    .option('--keep-days <days>', 'afterwards remove backups that are older, but never the newest', parseDays)
    .option('--list', 'only show the backups that are there')
    .addHelpText('after', HELP)
    .action(
      action(terminal, async (work, name: string | undefined, { keepDays, list }: Options) => {
        const { BackupTarget: Target } = await import('../backup/backup-target.js');
        const target = await Target.open(name, work.terminal.environment);
        return list ? listBackups(target) : backUp(target, keepDays, work);
      }),
    );

async function backUp(target: BackupTarget, keepDays: number | undefined, work: Work): Promise<Answer> {
  const { environment } = work.terminal;
  const { BlobStore, createBlobDriver } = await import('@parley/blobs');
  const { createBackup } = await import('../backup/create-backup.js');
  const { prune } = await import('../backup/retention.js');
  const originals = new BlobStore(await createBlobDriver(loadConfig({ blobs: BlobsConfig }, environment).blobs));
  const { manifest, copied } = await createBackup({ databaseUrl: databaseUrl(environment), originals, target }, work);
  const pruned = keepDays === undefined ? { removed: [], blobs: 0 } : await prune(target, keepDays);
  const { blobs, postgres } = manifest;
  const lost = blobs.problems.filter(({ reason }) => reason !== 'deleted');
  const lines = [
    `${manifest.id} is whole: the database (${formatBytes(postgres.dump.bytes)}) and ${blobs.count} originals (${formatBytes(blobs.bytes)}), of which ${copied.count} were new.`,
    ...blobs.problems.map(tellProblem),
    ...(pruned.removed.length > 0 ? [`Removed ${pruned.removed.join(', ')} and ${pruned.blobs} originals.`] : []),
  ];
  return {
    text: lines.join('\n'),
    data: { manifest, copied, pruned },
    exitCode: lost.length > 0 ? EXIT.findings : EXIT.done,
  };
}

const TOLD = {
  deleted: 'was deleted by its owner meanwhile',
  missing: 'is not in the store, although a file names it',
  damaged: 'is not what was uploaded: its hash is another',
};

function tellProblem({ key, reason }: BlobProblem): string {
  return `  ${key} ${TOLD[reason]}`;
}

async function listBackups(target: BackupTarget): Promise<Answer> {
  const backups: { id: string; whole: boolean; bytes: number | null; originals: number | null; problems: number }[] =
    [];
  for (const id of await target.ids()) {
    const manifest = await target.manifest(id);
    backups.push({
      id,
      whole: manifest !== null,
      bytes: manifest && manifest.postgres.dump.bytes + manifest.blobs.bytes,
      originals: manifest && manifest.blobs.count,
      problems: manifest?.blobs.problems.length ?? 0,
    });
  }
  const lines = backups.map(({ id, whole, bytes, originals }) =>
    whole ? `${id}  ${formatBytes(bytes!)}, ${originals} originals` : `${id}  unfinished`,
  );
  return { text: lines.join('\n') || `No backups in ${target.name}.`, data: { target: target.name, backups } };
}
