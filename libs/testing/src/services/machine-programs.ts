import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findBinaries, findInPath, pgvectorVersion, postgresMajor, type FoundBinaries } from './binaries.js';
import { candidateVersion, installPackages, refreshPackageLists } from './debian-packages.js';
import { withFileLock } from './file-lock.js';
import { buildPgvector } from './pgvector-source.js';
import { findRootAccess, type AsRoot } from './root-access.js';
import type { ServerKind } from './server.js';
import { isAtLeast, MINIMUM_VERSIONS } from './versions.js';

export type Log = (line: string) => void;

const PACKAGES: Record<ServerKind, string> = {
  postgres: 'postgresql',
  rabbitmq: 'rabbitmq-server',
  redis: 'redis-server',
};

/**
 * Sees to it that the programs of the wanted servers are on this machine. Installing is possible on a Debian-like
 * system as root or with a sudo that asks for no password; elsewhere this throws an error that says what is missing.
 */
export async function ensurePrograms(wanted: ServerKind[], log: Log): Promise<void> {
  const found = await findBinaries();
  if (await isComplete(found, wanted)) return;
  const asRoot = await findRootAccess();
  const missing = missingKinds(found, wanted).map((kind) => PACKAGES[kind]);
  if (!asRoot || !existsSync('/usr/bin/apt-get')) {
    const what = missing.length > 0 ? missing.join(', ') : `pgvector ${MINIMUM_VERSIONS.pgvector}`;
    throw new Error(`not installed: ${what}; installing needs a Debian-like system and root or passwordless sudo`);
  }
  await withFileLock(join(tmpdir(), 'parley-packages.lock'), () => installPrograms(wanted, asRoot, log), {
    timeoutMs: 15 * 60_000,
  });
}

async function installPrograms(wanted: ServerKind[], asRoot: AsRoot, log: Log): Promise<void> {
  const missing = missingKinds(await findBinaries(), wanted);
  if (missing.length > 0) {
    await requireCandidates(missing, asRoot);
    const packages = missing.map((kind) => PACKAGES[kind]);
    log(`installing ${packages.join(', ')}`);
    await installPackages(packages, asRoot);
  }
  const found = await findBinaries();
  if (wanted.includes('postgres') && found.postgresFolder) await ensurePgvector(found.postgresFolder, asRoot, log);
  if (!(await isComplete(found, wanted))) throw new Error('the installed packages lack programs that are needed');
}

async function ensurePgvector(postgresFolder: string, asRoot: AsRoot, log: Log): Promise<void> {
  if (await hasPgvector(postgresFolder)) return;
  const name = `postgresql-${await postgresMajor(postgresFolder)}-pgvector`;
  const candidate = await candidateVersion(name);
  if (candidate && isAtLeast(candidate, MINIMUM_VERSIONS.pgvector)) {
    log(`installing ${name}`);
    return installPackages([name], asRoot);
  }
  const tools = ['gcc', 'make'].filter((tool) => !findInPath(tool));
  if (tools.length > 0) await installPackages([...tools, 'libc6-dev'], asRoot);
  log('building pgvector from its source package');
  await buildPgvector(postgresFolder, asRoot);
}

async function requireCandidates(kinds: ServerKind[], asRoot: AsRoot): Promise<void> {
  const versions = async () => Promise.all(kinds.map((kind) => candidateVersion(PACKAGES[kind])));
  if ((await versions()).includes(null)) await refreshPackageLists(asRoot);
  const candidates = await versions();
  for (const [index, kind] of kinds.entries()) {
    const candidate = candidates[index];
    if (candidate && isAtLeast(candidate, MINIMUM_VERSIONS[kind])) continue;
    const offer = candidate ? `offers only ${candidate}` : 'does not offer it';
    throw new Error(`${PACKAGES[kind]} ${MINIMUM_VERSIONS[kind]} or later is needed, this system ${offer}`);
  }
}

/** Those of the wanted servers whose programs are not all there. */
export function missingKinds(found: FoundBinaries, wanted: ServerKind[]): ServerKind[] {
  const isThere: Record<ServerKind, boolean> = {
    postgres: found.postgresFolder !== null,
    rabbitmq: found.rabbitMqFolder !== null && found.epmd !== null,
    redis: found.redisServer !== null,
  };
  return wanted.filter((kind) => !isThere[kind]);
}

async function isComplete(found: FoundBinaries, wanted: ServerKind[]): Promise<boolean> {
  if (missingKinds(found, wanted).length > 0) return false;
  return !wanted.includes('postgres') || hasPgvector(found.postgresFolder!);
}

async function hasPgvector(postgresFolder: string): Promise<boolean> {
  const version = await pgvectorVersion(postgresFolder);
  return version !== null && isAtLeast(version, MINIMUM_VERSIONS.pgvector);
}
