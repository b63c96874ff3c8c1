import { identify } from './services/process-identity.js';
import { createServer, type Provider } from './services/provider.js';
import type { Server, ServerKind } from './services/server.js';
import { PROVIDER_VARIABLE } from './services/service-variables.js';
import { missingProviderReason } from './test-services.js';

/**
 * A RabbitMQ for one spec alone, which it may stop, kill and start again without disturbing others; the port and the
 * data stay. Starting takes 3 to 6 s, stopping 1 s. The spec calls `remove()` at its end.
 */
export function startPrivateRabbitMq(options: { hasMetrics?: boolean } = {}): Promise<Server> {
  return startPrivate('rabbitmq', options);
}

/** A PostgreSQL with pgvector for one spec alone; as {@link startPrivateRabbitMq}, in 2 s or so. */
export function startPrivatePostgres(): Promise<Server> {
  return startPrivate('postgres');
}

async function startPrivate(kind: ServerKind, options: { hasMetrics?: boolean } = {}): Promise<Server> {
  const reason = missingProviderReason();
  if (reason) throw new Error(`no private ${kind}: ${reason}`);
  const provider = process.env[PROVIDER_VARIABLE] as Provider;
  const server = await createServer(provider, kind, identify(process.pid), { hasManagement: false, ...options });
  await server.start().catch(async (error: unknown) => {
    await server.remove();
    throw error;
  });
  return server;
}
