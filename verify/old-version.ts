import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const ROOT = resolve(import.meta.dirname, '..');
const NEWEST_MIGRATION = 'libs/persistence/src/migrations/index.ts';
const BUILD_TIMEOUT_MS = 300_000;

/** A version of the suite from the repository's history, built in a folder of its own with the packages installed here. */
export interface OldVersion {
  folder: string;
  commit: string;
  subject: string;
  remove(): Promise<void>;
}

/** @param reference a commit or tag; by default the commit before the newest migration */
export async function checkOut(reference = process.env['ROLLBACK_TO']): Promise<OldVersion> {
  const commit = reference ?? `${await git('log', '-1', '--format=%H', '--', NEWEST_MIGRATION)}^`;
  const [hash, ...subject] = (await git('log', '-1', '--format=%h %s', commit)).split(' ');
  const folder = await mkdtemp(join(tmpdir(), 'parley-old-'));
  const remove = () => rm(folder, { recursive: true, force: true });
  try {
    await extract(commit, folder);
    await borrowPackages(folder);
    for (const group of ['libs', 'apps']) {
      for (const name of await readdir(join(folder, group))) await build(join(folder, group, name));
    }
    return { folder, commit: hash!, subject: subject.join(' '), remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

async function git(...args: string[]): Promise<string> {
  const { stdout } = await run('git', args, { cwd: ROOT, timeout: 30_000 });
  return stdout.trim();
}

async function extract(commit: string, folder: string): Promise<void> {
  const archive = spawn('git', ['archive', commit], { cwd: ROOT, stdio: ['ignore', 'pipe', 'inherit'] });
  const tar = spawn('tar', ['-x', '-C', folder], { stdio: [archive.stdout, 'inherit', 'inherit'] });
  const [[code], [tarCode]] = (await Promise.all([once(archive, 'exit'), once(tar, 'exit')])) as [[number], [number]];
  if (code !== 0 || tarCode !== 0) throw new Error(`git archive ${commit} failed`);
}

/** What it needs from registries is that of this version; what is ours is its own. */
async function borrowPackages(folder: string): Promise<void> {
  await mkdir(join(folder, 'node_modules/@parley'), { recursive: true });
  for (const name of await readdir(join(ROOT, 'node_modules'))) {
    if (name !== '@parley') await symlink(join(ROOT, 'node_modules', name), join(folder, 'node_modules', name));
  }
  for (const group of ['libs', 'apps']) {
    for (const name of await readdir(join(folder, group))) {
      await symlink(join(folder, group, name), join(folder, 'node_modules/@parley', name));
      const nested = join(ROOT, group, name, 'node_modules');
      if (existsSync(nested)) await symlink(nested, join(folder, group, name, 'node_modules'));
    }
  }
}

async function build(workspace: string): Promise<void> {
  const { scripts = {} } = JSON.parse(await readFile(join(workspace, 'package.json'), 'utf8')) as {
    scripts?: { build?: string };
  };
  if (!scripts.build) return;
  const PATH = `${join(ROOT, 'node_modules/.bin')}:${process.env['PATH'] ?? ''}`;
  await run('sh', ['-c', scripts.build], { cwd: workspace, env: { ...process.env, PATH }, timeout: BUILD_TIMEOUT_MS });
}
