import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { postgresMajor } from './binaries.js';
import { CommandError, runCommand } from './command.js';
import { sourceEntryForSuite } from './package-sources.js';
import type { AsRoot } from './root-access.js';
import { isAtLeast, MINIMUM_VERSIONS } from './versions.js';

/** Suites that may have a source package `pgvector` that is new enough; the first one on the machine's mirror is taken. */
const LATER_SUITES: Record<string, string[]> = {
  debian: ['trixie', 'forky', 'sid'],
  ubuntu: ['resolute', 'questing', 'plucky'],
};

/**
 * Builds pgvector from the source package of a later suite, taken from the mirror this machine is configured for, and
 * installs it into the given Postgres. Needs a compiler and make. The server's headers are only unpacked for the
 * build: installing their package would upgrade a Postgres that may be in use.
 */
export async function buildPgvector(postgresFolder: string, asRoot: AsRoot): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'parley-pgvector-'));
  try {
    const major = await postgresMajor(postgresFolder);
    const [source, headers] = [await unpackSource(folder), await unpackHeaders(folder, major)];
    const make = ['-C', source, `PG_CONFIG=${join(postgresFolder, 'pg_config')}`, `PG_CPPFLAGS=-I${headers}`];
    // The result must run on any processor of this kind, and the JIT's bitcode would need clang.
    const flags = ['OPTFLAGS=', 'with_llvm=no'];
    await runCommand('make', [...make, ...flags, '-j2'], { timeoutMs: 300_000 });
    await asRoot('make', [...make, ...flags, 'install']);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function unpackSource(folder: string): Promise<string> {
  for (const suite of await laterSuites()) {
    const options = await aptOptionsForSuite(join(folder, suite), suite);
    if (!options) continue;
    const version = await sourceVersion(options);
    if (!version || !isAtLeast(version, MINIMUM_VERSIONS.pgvector)) continue;
    await runCommand('apt-get', [...options, 'source', '--download-only', 'pgvector'], {
      cwd: folder,
      timeoutMs: 120_000,
    });
    const archive = (await readdir(folder)).find((name) => name.includes('.orig.tar'));
    if (!archive) throw new Error('the source package of pgvector has no upstream archive');
    await mkdir(join(folder, 'source'));
    await runCommand('tar', ['-xf', join(folder, archive), '-C', join(folder, 'source'), '--strip-components=1']);
    return join(folder, 'source');
  }
  throw new Error(`no suite on this machine's mirror has pgvector ${MINIMUM_VERSIONS.pgvector} or later as source`);
}

async function laterSuites(): Promise<string[]> {
  const { ID = '', ID_LIKE = '' } = await osRelease();
  const family = [ID, ...ID_LIKE.split(' ')].find((name) => name in LATER_SUITES);
  return family ? LATER_SUITES[family]! : [];
}

async function sourceVersion(options: string[]): Promise<string | null> {
  try {
    await runCommand('apt-get', [...options, 'update', '-qq'], { timeoutMs: 180_000 });
    const records = await runCommand('apt-cache', [...options, 'showsrc', 'pgvector']);
    return /^Version: (\S+)/m.exec(records)?.[1] ?? null;
  } catch (error) {
    if (error instanceof CommandError) return null;
    throw error;
  }
}

/** Options that make apt see nothing but one suite's source packages; null when no configured source can serve it. */
async function aptOptionsForSuite(folder: string, suite: string): Promise<string[] | null> {
  const { VERSION_CODENAME = '' } = await osRelease();
  for (const file of await configuredSources()) {
    const entry = sourceEntryForSuite(file, await readFile(file, 'utf8'), VERSION_CODENAME, suite);
    if (!entry) continue;
    const parts = join(folder, 'sources');
    await mkdir(parts, { recursive: true });
    await mkdir(join(folder, 'lists', 'partial'), { recursive: true });
    await mkdir(join(folder, 'cache', 'archives', 'partial'), { recursive: true });
    await writeFile(join(parts, basename(file)), entry);
    return [
      ...['-o', 'Dir::Etc::sourcelist=/dev/null', '-o', `Dir::Etc::sourceparts=${parts}`],
      ...['-o', `Dir::State::lists=${join(folder, 'lists')}`, '-o', `Dir::Cache=${join(folder, 'cache')}`],
      // The sandbox account may not enter the temporary folder.
      ...['-o', 'APT::Sandbox::User=root'],
    ];
  }
  return null;
}

async function configuredSources(): Promise<string[]> {
  const folder = '/etc/apt/sources.list.d';
  const names = await readdir(folder).catch(() => []);
  const files = names.filter((name) => /\.(list|sources)$/.test(name)).map((name) => join(folder, name));
  const main = '/etc/apt/sources.list';
  const readable = await readFile(main, 'utf8').then(
    () => [main],
    () => [],
  );
  return [...readable, ...files];
}

async function osRelease(): Promise<Record<string, string>> {
  const text = await readFile('/etc/os-release', 'utf8').catch(() => '');
  return Object.fromEntries([...text.matchAll(/^(\w+)="?([^"\n]*)"?$/gm)].map(([, name, value]) => [name, value]));
}

async function unpackHeaders(folder: string, major: number): Promise<string> {
  const packages = join(folder, 'packages');
  await mkdir(packages);
  const options = ['-o', 'APT::Sandbox::User=root'];
  await runCommand('apt-get', [...options, 'download', `postgresql-server-dev-${major}`], {
    cwd: packages,
    timeoutMs: 120_000,
  });
  const [archive] = await readdir(packages);
  await runCommand('dpkg-deb', ['-x', join(packages, archive!), join(folder, 'headers')]);
  return join(folder, 'headers', 'usr', 'include', 'postgresql', String(major), 'server');
}
