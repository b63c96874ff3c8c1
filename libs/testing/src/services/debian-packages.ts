import { existsSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCommand } from './command.js';
import type { AsRoot } from './root-access.js';

const APT_LIMIT_MS = 10 * 60_000;
const POLICY_FILE = '/usr/sbin/policy-rc.d';

/** The version `apt-get install` would install, null when the package is unknown here. */
export async function candidateVersion(packageName: string): Promise<string | null> {
  const policy = await runCommand('apt-cache', ['policy', packageName], { env: { ...process.env, LC_ALL: 'C' } });
  const candidate = /Candidate: (\S+)/.exec(policy)?.[1];
  return candidate && candidate !== '(none)' ? candidate : null;
}

export async function refreshPackageLists(asRoot: AsRoot): Promise<void> {
  await asRoot('apt-get', ['update', '-qq'], APT_LIMIT_MS);
}

/** Installs packages without starting the services they contain, now or at the next boot. */
export async function installPackages(packages: string[], asRoot: AsRoot): Promise<void> {
  const options = ['-y', '-qq', '--no-install-recommends', '-o', 'DPkg::Lock::Timeout=300'];
  const install = () =>
    asRoot('env', ['DEBIAN_FRONTEND=noninteractive', 'apt-get', 'install', ...options, ...packages], APT_LIMIT_MS);
  await withoutServiceStart(asRoot, async () => {
    await install().catch(async () => {
      await refreshPackageLists(asRoot);
      await install();
    });
  });
  if (existsSync('/run/systemd/system')) await disableUnits(packages, asRoot);
}

/** Debian's own switch: `invoke-rc.d` asks this script before it starts anything. One that is already there stays in charge. */
async function withoutServiceStart(asRoot: AsRoot, work: () => Promise<void>): Promise<void> {
  if (existsSync(POLICY_FILE)) return work();
  const draft = join(tmpdir(), `parley-policy-${process.pid}`);
  await writeFile(draft, '#!/bin/sh\nexit 101\n');
  await asRoot('install', ['-m', '755', draft, POLICY_FILE]);
  try {
    await work();
  } finally {
    await asRoot('rm', ['-f', POLICY_FILE]);
    await rm(draft, { force: true });
  }
}

async function disableUnits(packages: string[], asRoot: AsRoot): Promise<void> {
  const units = packages.filter((name) => ['postgresql', 'rabbitmq-server', 'redis-server'].includes(name));
  if (units.length > 0) await asRoot('systemctl', ['disable', '--quiet', ...units]);
}
