import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runQuietly } from './child.mjs';
import { projectNode, root } from './paths.mjs';

const lockPath = join(root, 'package-lock.json');
const installedLockPath = join(root, 'node_modules', '.package-lock.json');
const stampPath = join(root, 'node_modules', '.parley-install');

/** Brings node_modules to what package-lock.json says; does nothing, in some milliseconds, when it is there already. */
export async function ensureInstalled() {
  const lock = readText(lockPath);
  const stamp = stampOf(lock);
  const state = installState({
    lock,
    installedLock: readText(installedLockPath),
    isStamped: readText(stampPath) === stamp,
    hasProjectNode: existsSync(projectNode),
  });
  if (state === 'missing') await install(lock === null ? 'install' : 'ci');
  if (state !== 'current') writeFileSync(stampPath, stampOf(readText(lockPath)));
}

/**
 * `current`: nothing to do. `unstamped`: somebody installed by hand and it fits. `missing`: has to be installed.
 * The locks are texts, null when there is no such file.
 */
export function installState({ lock, installedLock, isStamped, hasProjectNode }) {
  if (!hasProjectNode || installedLock === null || lock === null) return 'missing';
  if (isStamped) return 'current';
  return satisfies(JSON.parse(installedLock), JSON.parse(lock)) ? 'unstamped' : 'missing';
}

/** True when every package of the lock that this machine needs is installed as locked. */
function satisfies(installed, lock) {
  return Object.entries(lock.packages).every(([path, wanted]) => {
    if (path === '' || wanted.optional || wanted.devOptional || wanted.peer || wanted.extraneous) return true;
    const found = installed.packages[path];
    return found !== undefined && found.version === wanted.version && found.integrity === wanted.integrity;
  });
}

async function install(command) {
  const startedAt = Date.now();
  if (command === 'install') console.error('package-lock.json is missing: npm chooses the versions');
  process.stderr.write('Installing packages ... ');
  const npm = process.env.npm_execpath ? [process.execPath, process.env.npm_execpath] : ['npm'];
  // The tools of the build are development dependencies: NODE_ENV=production must not leave them out.
  const [file, ...args] = [...npm, command, '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'];
  try {
    await runQuietly(file, args);
  } catch (error) {
    if (error.cause?.code !== 'ENOENT') throw error;
    throw new Error('npm is needed to install the packages, and was not found', { cause: error });
  }
  if (!existsSync(projectNode)) {
    throw new Error(
      'The package `node` has brought no Node: npm must be allowed to run install scripts (ignore-scripts=false)',
    );
  }
  process.stderr.write(`${Math.round((Date.now() - startedAt) / 1000)} s\n`);
}

function stampOf(lock) {
  return createHash('sha256').update(`${lock} ${process.platform} ${process.arch}`).digest('hex');
}

function readText(path) {
  return existsSync(path) ? readFileSync(path, 'utf8') : null;
}
