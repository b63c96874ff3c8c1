import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { commandSucceeds } from './command.js';
import { endProcessGroup } from './detached-process.js';
import { isAlive, type ProcessIdentity } from './process-identity.js';
import { repositoryRoot } from './repository.js';
import type { ServerEndpoints, ServerKind } from './server.js';

/** Who ends a server: the process that started it, or nobody before `services down` (a developer's session). */
export type Owner = ProcessIdentity | 'session';

export type Runtime =
  | { type: 'process'; process: ProcessIdentity | null; discardSignal: NodeJS.Signals }
  | { type: 'container'; name: string };

/** What is needed to use a server from another process, and to clean up after an owner that died. */
export interface InstanceRecord {
  id: string;
  kind: ServerKind;
  owner: Owner;
  endpoints: ServerEndpoints;
  /** Data folder, deleted with the instance; null for containers. */
  directory: string | null;
  runtime: Runtime;
}

export const stateDirectory = join(repositoryRoot, '.parley', 'test-services');
const recordsDirectory = join(stateDirectory, 'instances');
const pathOf = (id: string) => join(recordsDirectory, `${id}.json`);

export async function saveInstance(record: InstanceRecord): Promise<void> {
  await mkdir(recordsDirectory, { recursive: true });
  const draft = `${pathOf(record.id)}.${process.pid}.tmp`;
  await writeFile(draft, JSON.stringify(record, null, 2), { mode: 0o600 });
  await rename(draft, pathOf(record.id));
}

export async function listInstances(): Promise<InstanceRecord[]> {
  const names = await readdir(recordsDirectory).catch(() => []);
  const records = await Promise.all(
    names
      .filter((name) => name.endsWith('.json'))
      .map(async (name) => {
        const text = await readFile(join(recordsDirectory, name), 'utf8').catch(() => null);
        return text === null ? null : (JSON.parse(text) as InstanceRecord);
      }),
  );
  return records.filter((record) => record !== null);
}

/** Ends a server whatever state it is in, deletes its data and forgets it. */
export async function discardInstance(record: InstanceRecord): Promise<void> {
  if (record.runtime.type === 'container') {
    await commandSucceeds('docker', ['rm', '--force', '--volumes', record.runtime.name]);
  } else if (record.runtime.process) {
    await endProcessGroup(record.runtime.process, record.runtime.discardSignal);
  }
  if (record.directory) await rm(record.directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  await rm(pathOf(record.id), { force: true });
}

/** Discards what a killed run left behind and returns how many servers that were. */
export async function discardOrphans(): Promise<number> {
  const orphans = (await listInstances()).filter(({ owner }) => owner !== 'session' && !isAlive(owner));
  await Promise.all(orphans.map(discardInstance));
  return orphans.length;
}
