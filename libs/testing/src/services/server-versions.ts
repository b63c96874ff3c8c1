import { queryPostgres } from './postgres-client.js';
import { rabbitMqVersion } from './rabbitmq-client.js';
import { redisCommand } from './redis-client.js';
import type { EndpointsByKind } from './service-variables.js';
import { isAtLeast, MINIMUM_VERSIONS } from './versions.js';

/** Asks the servers what they are; throws when one cannot be reached or is too old. Returns a line for people. */
export async function describeVersions({ postgres, rabbitmq, redis }: EndpointsByKind): Promise<string> {
  const [database, broker, cache] = await Promise.all([
    postgres && reach('PostgreSQL', postgresVersions(postgres.url)),
    rabbitmq && reach('RabbitMQ', rabbitMqVersion(rabbitmq.url)),
    redis && reach('Redis', redisVersion(redis.url)),
  ]);
  const versions = { postgres: database?.server, pgvector: database?.pgvector, rabbitmq: broker, redis: cache };
  for (const [name, version] of Object.entries(versions)) {
    const minimum = MINIMUM_VERSIONS[name as keyof typeof versions];
    if (version === undefined || isAtLeast(version, minimum)) continue;
    throw new Error(`${name} ${minimum} or later is needed, the server has ${version || 'none'}`);
  }
  return `PostgreSQL ${versions.postgres} with pgvector ${versions.pgvector}, RabbitMQ ${broker}, Redis ${cache}`;
}

async function postgresVersions(url: string): Promise<{ server: string; pgvector: string }> {
  const [row] = await queryPostgres<{ server: string; pgvector: string | null }>(
    url,
    `select split_part(current_setting('server_version'), ' ', 1) as server,
            (select default_version from pg_available_extensions where name = 'vector') as pgvector`,
  );
  return { server: row!.server, pgvector: row!.pgvector ?? '' };
}

async function redisVersion(url: string): Promise<string> {
  const info = await redisCommand(url, 'INFO server');
  return /redis_version:(\S+)/.exec(info)?.[1] ?? '';
}

function reach<Result>(name: string, answer: Promise<Result>): Promise<Result> {
  return answer.catch((error: Error) => {
    throw new Error(`the ${name} for the tests does not answer: ${error.message}`, { cause: error });
  });
}
