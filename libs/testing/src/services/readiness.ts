import { setTimeout as delay } from 'node:timers/promises';
import { queryPostgres } from './postgres-client.js';
import { managementRequest, rabbitMqVersion } from './rabbitmq-client.js';
import { redisCommand } from './redis-client.js';
import type { ServerEndpoints, ServerKind } from './server.js';

const START_LIMIT_MS = 240_000;

const probes: Record<ServerKind, (endpoints: ServerEndpoints) => Promise<unknown>> = {
  postgres: ({ url }) => queryPostgres(url, 'select 1'),
  rabbitmq: async ({ url, managementUrl }) => {
    await rabbitMqVersion(url);
    if (managementUrl) await managementRequest(managementUrl, 'GET', '/api/vhosts');
  },
  redis: ({ url }) => redisCommand(url, 'PING'),
};

/** Resolves when the server answers a client. Rejects when it has ended or is not ready within 60 s. */
export async function waitUntilServing(
  kind: ServerKind,
  endpoints: ServerEndpoints,
  isRunning: () => boolean | Promise<boolean>,
): Promise<void> {
  const deadline = Date.now() + START_LIMIT_MS;
  for (;;) {
    try {
      await probes[kind](endpoints);
      return;
    } catch (error) {
      if (!(await isRunning())) throw new Error(`${kind} ended while starting`, { cause: error });
      if (Date.now() > deadline) throw new Error(`${kind} was not ready within 60 s`, { cause: error });
    }
    await delay(100);
  }
}
