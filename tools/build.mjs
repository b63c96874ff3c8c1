import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectEnvironment, runQuietly } from './child.mjs';
import { projectNode, root } from './paths.mjs';

const stampPath = join(root, 'node_modules', '.parley-build');

/** Builds all packages through nx, which costs seconds even when nothing changed; that case is therefore told apart here. */
export async function ensureBuilt() {
  const packages = listPackages();
  const fingerprint = fingerprintOf(packages);
  const isStamped = existsSync(stampPath) && readFileSync(stampPath, 'utf8') === fingerprint;
  if (isStamped && packages.every((folder) => existsSync(join(folder, 'dist')))) return;
  const startedAt = Date.now();
  process.stderr.write('Building ... ');
  const nx = join(root, 'node_modules', 'nx', 'dist', 'bin', 'nx.js');
  await runQuietly(projectNode, [nx, 'run-many', '-t', 'build', '--output-style=static'], {
    env: { ...projectEnvironment, NX_DAEMON: 'false', NX_TUI: 'false', NX_INTERACTIVE: 'false', CI: 'true' },
  });
  writeFileSync(stampPath, fingerprint);
  process.stderr.write(`${((Date.now() - startedAt) / 1000).toFixed(1)} s\n`);
}

/** Absolute folders of the packages that are built. */
function listPackages() {
  return ['libs', 'apps']
    .flatMap((group) => readdirSync(join(root, group)).map((name) => join(root, group, name)))
    .filter((folder) => existsSync(join(folder, 'package.json')))
    .filter((folder) => JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')).scripts?.build);
}

/** Names, sizes and times of all that goes into the build. */
function fingerprintOf(packages) {
  const files = packages.flatMap((folder) => [join(folder, 'package.json'), ...sourcesIn(join(folder, 'src'))]);
  const hash = createHash('sha256');
  for (const file of [...files, join(root, '.swcrc'), join(root, 'package-lock.json')].sort()) {
    const { size, mtimeMs } = statSync(file);
    hash.update(`${file} ${size} ${mtimeMs}\n`);
  }
  return hash.digest('hex');
}

function sourcesIn(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.name.endsWith('.spec.ts'))
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name));
}
