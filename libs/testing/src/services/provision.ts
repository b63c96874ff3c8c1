import { discardInstance, discardOrphans, listInstances, type Owner } from './instance-registry.js';
import { createServer, findReadyProvider, prepareProvider, SERVER_KINDS, type Provider } from './provider.js';
import type { Server, ServerKind } from './server.js';
import {
  endpointsFromEnvironment,
  PROVIDER_VARIABLE,
  variablesFor,
  type EndpointsByKind,
} from './service-variables.js';
import { describeVersions } from './server-versions.js';

/** No way to get the servers; the message says what a person can do. */
export class ServicesUnavailable extends Error {
  override readonly name = 'ServicesUnavailable';
}

export interface ProvisionedServices {
  /** Environment for everything that uses the servers. */
  variables: Record<string, string>;
  /** One line for people: names, versions, where they come from. */
  summary: string;
}

/**
 * Gets a PostgreSQL with pgvector, a RabbitMQ and a Redis: those the environment names, for the rest containers, then
 * programs of this machine. The owner's death makes them orphans, which the next provisioning removes.
 */
export async function provisionServices(options: {
  owner: Owner;
  log: (line: string) => void;
  env?: NodeJS.ProcessEnv;
}): Promise<ProvisionedServices> {
  const { owner, log, env = process.env } = options;
  const orphans = await discardOrphans();
  if (orphans > 0) log(`removed ${orphans} test servers of an earlier run that was killed`);
  const named = endpointsFromEnvironment(env);
  const wanted = SERVER_KINDS.filter((kind) => !named[kind]);
  const own = wanted.length > 0 ? await startOwn(wanted, owner, log) : null;
  const endpoints = { ...named, ...own?.endpoints };
  const provider = own?.provider ?? (await findReadyProvider()) ?? '';
  try {
    const summary = `${await describeVersions(endpoints)} (${own ? provider : 'named by the environment'})`;
    return { variables: { ...variablesFor(endpoints), [PROVIDER_VARIABLE]: provider }, summary };
  } catch (error) {
    await discardOwned(owner);
    throw error;
  }
}

/** Ends and removes every server of the owner. */
export async function discardOwned(owner: Owner): Promise<void> {
  const owned = (await listInstances()).filter((record) => isSameOwner(record.owner, owner));
  await Promise.all(owned.map(discardInstance));
}

function isSameOwner(a: Owner, b: Owner): boolean {
  return a === 'session' || b === 'session' ? a === b : a.pid === b.pid && a.startMark === b.startMark;
}

async function startOwn(
  kinds: ServerKind[],
  owner: Owner,
  log: (line: string) => void,
): Promise<{ endpoints: EndpointsByKind; provider: Provider }> {
  const reasons: string[] = [];
  for (const provider of ['docker', 'packages'] as const) {
    try {
      await prepareProvider(provider, kinds, log);
      const endpoints = await startAll(provider, kinds, owner);
      for (const reason of reasons) log(`(${reason})`);
      return { endpoints, provider };
    } catch (error) {
      reasons.push(`${provider}: ${describeCauses(error)}`);
    }
  }
  throw new ServicesUnavailable(
    [
      'The tests need PostgreSQL >= 15 with pgvector >= 0.8, RabbitMQ >= 3.10 and Redis >= 6, and found no way to get them:',
      ...reasons.map((reason) => `- ${reason}`),
      'Do one of these: name servers in TEST_DATABASE_URL, TEST_RABBITMQ_URL (with its HTTP API in',
      'TEST_RABBITMQ_MANAGEMENT_URL) and TEST_REDIS_URL; start a Docker engine; or install the packages postgresql,',
      'postgresql-<version>-pgvector, rabbitmq-server and redis-server. `npm test -- --unit` runs what needs no server.',
    ].join('\n'),
  );
}

async function startAll(provider: Provider, kinds: ServerKind[], owner: Owner): Promise<EndpointsByKind> {
  const servers = await Promise.all(kinds.map((kind) => createServer(provider, kind, owner)));
  const results = await Promise.allSettled(servers.map((server) => server.start()));
  const failure = results.find((result) => result.status === 'rejected');
  if (failure) {
    await Promise.all(servers.map((server: Server) => server.remove()));
    throw failure.reason;
  }
  return Object.fromEntries(servers.map((server) => [server.kind, server.endpoints]));
}

function describeCauses(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause === undefined ? error.message : `${error.message}\n  because: ${describeCauses(error.cause)}`;
}
