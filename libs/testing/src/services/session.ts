import { discardOwned, provisionServices, type ProvisionedServices } from './provision.js';
import { listInstances } from './instance-registry.js';
import { isAlive } from './process-identity.js';
import { SERVER_KINDS, type Provider } from './provider.js';
import { PROVIDER_VARIABLE, variablesFor, type EndpointsByKind } from './service-variables.js';

/** Servers that stay until `stopSession`, for a developer who runs single specs; those already up are kept. */
export async function startSession(log: (line: string) => void): Promise<Record<string, string>> {
  const running = await readSession();
  if (running) return running;
  await stopSession();
  const services: ProvisionedServices = await provisionServices({ owner: 'session', log });
  log(services.summary);
  return services.variables;
}

/** The environment of the session's servers, null when none or only some are up. */
export async function readSession(): Promise<Record<string, string> | null> {
  const records = (await listInstances()).filter(({ owner, runtime }) => {
    const isRunning = runtime.type === 'container' || (runtime.process !== null && isAlive(runtime.process));
    return owner === 'session' && isRunning;
  });
  const endpoints: EndpointsByKind = Object.fromEntries(records.map((record) => [record.kind, record.endpoints]));
  if (!SERVER_KINDS.every((kind) => endpoints[kind])) return null;
  const provider: Provider = records.some(({ runtime }) => runtime.type === 'container') ? 'docker' : 'packages';
  return { ...variablesFor(endpoints), [PROVIDER_VARIABLE]: provider };
}

export async function stopSession(): Promise<void> {
  await discardOwned('session');
}
