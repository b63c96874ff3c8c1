import { findBinaries } from './binaries.js';
import { containerRecipes, DockerServer, isDockerReachable } from './docker-server.js';
import type { Owner } from './instance-registry.js';
import { localRecipes, type RecipeOptions } from './local-recipes.js';
import { LocalServer } from './local-server.js';
import { ensurePrograms, missingKinds, type Log } from './machine-programs.js';
import type { Server, ServerKind } from './server.js';

/** Where servers of our own come from: containers, or programs installed on this machine. */
export type Provider = 'docker' | 'packages';

export const SERVER_KINDS: ServerKind[] = ['postgres', 'rabbitmq', 'redis'];

/** Makes a provider usable for these kinds (which may install packages); throws with the reason when it is not. */
export async function prepareProvider(provider: Provider, kinds: ServerKind[], log: Log): Promise<void> {
  if (provider === 'packages') return ensurePrograms(kinds, log);
  if (!(await isDockerReachable())) throw new Error('no Docker engine answers');
}

/** The provider that is usable as things are, without installing anything. */
export async function findReadyProvider(): Promise<Provider | null> {
  if (await isDockerReachable()) return 'docker';
  return missingKinds(await findBinaries(), SERVER_KINDS).length === 0 ? 'packages' : null;
}

/** A new server, not started yet. */
export async function createServer(
  provider: Provider,
  kind: ServerKind,
  owner: Owner,
  options?: RecipeOptions,
): Promise<Server> {
  return provider === 'docker'
    ? new DockerServer(await containerRecipes[kind](), owner)
    : new LocalServer(await localRecipes[kind](await findBinaries(), options), owner);
}
