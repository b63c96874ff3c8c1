import type { ServerEndpoints, ServerKind } from './server.js';

/** Environment variables through which specs find their servers. */
const URL_VARIABLE: Record<ServerKind, string> = {
  postgres: 'TEST_DATABASE_URL',
  rabbitmq: 'TEST_RABBITMQ_URL',
  redis: 'TEST_REDIS_URL',
};
const MANAGEMENT_VARIABLE = 'TEST_RABBITMQ_MANAGEMENT_URL';

/** Says how further servers can be started on this machine: `docker`, `packages` or nothing. */
export const PROVIDER_VARIABLE = 'TEST_SERVICES_PROVIDER';

/** The suite's own settings; they may name production, so the tests take them only when told to. */
const PRODUCT_VARIABLE: Record<ServerKind, string> = {
  postgres: 'DATABASE_URL',
  rabbitmq: 'RABBITMQ_URL',
  redis: 'REDIS_URL',
};

export type EndpointsByKind = Partial<Record<ServerKind, ServerEndpoints>>;

/**
 * The servers the environment names: `TEST_DATABASE_URL`, `TEST_RABBITMQ_URL` (its HTTP API in
 * `TEST_RABBITMQ_MANAGEMENT_URL`, by default port 15672 of the same host) and `TEST_REDIS_URL`; with
 * `PARLEY_TEST_USE_ENV=1` also `DATABASE_URL`, `RABBITMQ_URL` and `REDIS_URL`.
 */
export function endpointsFromEnvironment(env: NodeJS.ProcessEnv): EndpointsByKind {
  const takesProduct = env['PARLEY_TEST_USE_ENV'] === '1';
  const urlOf = (kind: ServerKind) =>
    env[URL_VARIABLE[kind]] || (takesProduct ? env[PRODUCT_VARIABLE[kind]] : undefined) || null;
  const [postgres, rabbitmq, redis] = [urlOf('postgres'), urlOf('rabbitmq'), urlOf('redis')];
  return {
    ...(postgres && { postgres: { url: postgres } }),
    ...(rabbitmq && {
      rabbitmq: { url: rabbitmq, managementUrl: env[MANAGEMENT_VARIABLE] || defaultManagementUrl(rabbitmq) },
    }),
    ...(redis && { redis: { url: redis } }),
  };
}

export function variablesFor(endpoints: EndpointsByKind): Record<string, string> {
  const urls = Object.entries(endpoints).map(([kind, { url }]) => [URL_VARIABLE[kind as ServerKind], url]);
  const managementUrl = endpoints.rabbitmq?.managementUrl;
  return Object.fromEntries([...urls, ...(managementUrl ? [[MANAGEMENT_VARIABLE, managementUrl]] : [])]);
}

function defaultManagementUrl(rabbitMqUrl: string): string {
  const { protocol, hostname, username, password } = new URL(rabbitMqUrl);
  const secure = protocol === 'amqps:';
  const credentials = username ? `${username}:${password}` : 'guest:guest';
  return `${secure ? 'https' : 'http'}://${credentials}@${hostname}:${secure ? 15671 : 15672}`;
}
