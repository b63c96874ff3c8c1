import { endpointsFromEnvironment, PROVIDER_VARIABLE } from './services/service-variables.js';

/** URLs of the real servers, with credentials. */
export interface TestServices {
  /** A superuser on the maintenance database; specs make databases of their own with `createTestDatabase`. */
  databaseUrl: string;
  rabbitmqUrl: string;
  rabbitmqManagementUrl: string;
  redisUrl: string;
}

/** The servers that `npm test` or `node tools/services.mjs up` provided. Throws when the environment names none. */
export function testServices(): TestServices {
  const { postgres, rabbitmq, redis } = endpointsFromEnvironment(process.env);
  if (!postgres || !rabbitmq?.managementUrl || !redis) throw new Error(`test services: ${missingReason()}`);
  return {
    databaseUrl: postgres.url,
    rabbitmqUrl: rabbitmq.url,
    rabbitmqManagementUrl: rabbitmq.managementUrl,
    redisUrl: redis.url,
  };
}

/** Why there are no servers, null when there are. */
export function missingReason(): string | null {
  const { postgres, rabbitmq, redis } = endpointsFromEnvironment(process.env);
  if (postgres && rabbitmq && redis) return null;
  return 'no servers in the environment; run through `npm test`, or after `eval "$(node tools/bootstrap.mjs services up)"`';
}

/** Why no further servers can be started on this machine, null when they can. */
export function missingProviderReason(): string | null {
  if (process.env[PROVIDER_VARIABLE]) return missingReason();
  return 'neither a Docker engine nor installed servers to start further ones from';
}
