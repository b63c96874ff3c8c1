import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findInPath } from './binaries.js';
import { installPackages } from './debian-packages.js';
import { withFileLock } from './file-lock.js';
import { findRootAccess } from './root-access.js';

/**
 * Absolute path of a program that a test needs beside the servers; installed on a Debian-like system as root or with a sudo
 * that asks for no password. Null when it is not here and cannot be installed.
 */
export async function systemProgram(name: string, packageName = name): Promise<string | null> {
  const found = findInPath(name);
  if (found) return found;
  const asRoot = await findRootAccess();
  if (!asRoot || !existsSync('/usr/bin/apt-get')) return null;
  const limit = { timeoutMs: 15 * 60_000 };
  await withFileLock(join(tmpdir(), 'parley-packages.lock'), () => installPackages([packageName], asRoot), limit);
  return findInPath(name);
}
