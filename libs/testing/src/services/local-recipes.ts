import { randomBytes } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { FoundBinaries } from './binaries.js';
import { runCommand } from './command.js';
import { findFreePort } from './free-port.js';
import { serverAccount, type LocalRecipe } from './local-server.js';
import { postgresSettings, rabbitMqSettings, redisSettings } from './server-settings.js';
import type { ServerKind } from './server.js';

const newPassword = () => randomBytes(12).toString('hex');

export interface RecipeOptions {
  /** RabbitMQ's HTTP API; without it the broker stops in 1 s instead of 6. Default true. */
  hasManagement?: boolean;
  /** RabbitMQ's own metrics for Prometheus. Default false. */
  hasMetrics?: boolean;
}

type RecipeFactory = (binaries: FoundBinaries, options?: RecipeOptions) => Promise<LocalRecipe>;

function installed(path: string | null, program: string): string {
  if (!path) throw new Error(`${program} is not installed`);
  return path;
}

const postgres: RecipeFactory = async (binaries) => {
  const postgresFolder = installed(binaries.postgresFolder, 'PostgreSQL');
  const port = await findFreePort();
  const password = newPassword();
  return {
    kind: 'postgres',
    endpoints: { url: `postgres://postgres:${password}@127.0.0.1:${port}/postgres` },
    prepare: async (directory) => {
      const passwordFile = join(directory, 'password');
      await writeFile(passwordFile, password, { mode: 0o644 });
      const options = ['--username=postgres', `--pwfile=${passwordFile}`, '--auth=scram-sha-256'];
      const encoding = ['--encoding=UTF8', '--locale=C.UTF-8', '--no-sync'];
      const initdb = join(postgresFolder, 'initdb');
      const env = { ...process.env, HOME: directory };
      await runCommand(initdb, ['-D', join(directory, 'data'), ...options, ...encoding], {
        cwd: directory,
        env,
        ...serverAccount,
      });
      await rm(passwordFile);
    },
    command: (directory) => ({
      file: join(postgresFolder, 'postgres'),
      args: [
        ...['-D', join(directory, 'data'), '-p', String(port)],
        ...['-c', 'listen_addresses=127.0.0.1', '-c', 'unix_socket_directories='],
        ...postgresSettings.flatMap((setting) => ['-c', setting]),
      ],
    }),
    stopSignal: 'SIGINT',
    // SIGKILL would leave Postgres' System V shared memory segment behind.
    discardSignal: 'SIGQUIT',
  };
};

const rabbitmq: RecipeFactory = async (binaries, { hasManagement = true, hasMetrics = false } = {}) => {
  const server = join(installed(binaries.rabbitMqFolder, 'RabbitMQ'), 'rabbitmq-server');
  const epmd = installed(binaries.epmd, 'epmd');
  const [port, managementPort, distributionPort, epmdPort, metricsPort] = await findFreePorts(5);
  const credentials = `parley:${newPassword()}`;
  return {
    kind: 'rabbitmq',
    endpoints: {
      url: `amqp://${credentials}@127.0.0.1:${port}`,
      ...(hasManagement && { managementUrl: `http://${credentials}@127.0.0.1:${managementPort}` }),
      ...(hasMetrics && { metricsUrl: `http://127.0.0.1:${metricsPort}/metrics` }),
    },
    prepare: async (directory) => {
      const [user, password] = credentials.split(':');
      const settings = [
        `listeners.tcp.default = 127.0.0.1:${port}`,
        ...(hasManagement ? ['management.tcp.ip = 127.0.0.1', `management.tcp.port = ${managementPort}`] : []),
        ...(hasMetrics ? ['prometheus.tcp.ip = 127.0.0.1', `prometheus.tcp.port = ${metricsPort}`] : []),
        `default_user = ${user}`,
        `default_pass = ${password}`,
        ...rabbitMqSettings,
      ];
      await writeFile(join(directory, 'rabbitmq.conf'), settings.join('\n') + '\n');
      const plugins = [
        ...(hasManagement ? ['rabbitmq_management'] : []),
        ...(hasMetrics ? ['rabbitmq_prometheus'] : []),
      ];
      await writeFile(join(directory, 'enabled_plugins'), `[${plugins.join(',')}].\n`);
    },
    command: (directory) => ({
      file: '/bin/sh',
      // epmd stays in the process group of the node: whatever ends the group ends it too.
      args: ['-c', '"$0" -port "$ERL_EPMD_PORT" -address 127.0.0.1 & exec "$1"', epmd, server],
      env: {
        RABBITMQ_NODENAME: `parley-${port}@localhost`,
        RABBITMQ_DIST_PORT: String(distributionPort),
        // Threads that have nothing to do sleep instead of spinning.
        RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS:
          '-kernel inet_dist_use_interface {127,0,0,1} +sbwt none +sbwtdcpu none +sbwtdio none',
        ERL_EPMD_PORT: String(epmdPort),
        ERL_EPMD_ADDRESS: '127.0.0.1',
        RABBITMQ_MNESIA_BASE: join(directory, 'mnesia'),
        RABBITMQ_LOG_BASE: join(directory, 'log'),
        RABBITMQ_CONFIG_FILE: join(directory, 'rabbitmq.conf'),
        RABBITMQ_ADVANCED_CONFIG_FILE: join(directory, 'advanced.config'),
        RABBITMQ_CONF_ENV_FILE: join(directory, 'rabbitmq-env.conf'),
        RABBITMQ_ENABLED_PLUGINS_FILE: join(directory, 'enabled_plugins'),
        // Lets the start script become the Erlang VM, so that our signals reach it.
        RUNNING_UNDER_SYSTEMD: 'true',
      },
    }),
    stopSignal: 'SIGTERM',
    discardSignal: 'SIGKILL',
  };
};

const redis: RecipeFactory = async (binaries) => {
  const redisServer = installed(binaries.redisServer, 'Redis');
  const port = await findFreePort();
  return {
    kind: 'redis',
    endpoints: { url: `redis://127.0.0.1:${port}` },
    prepare: () => Promise.resolve(),
    command: (directory) => ({
      file: redisServer,
      args: ['--port', String(port), '--bind', '127.0.0.1', '--dir', directory, ...redisSettings],
    }),
    stopSignal: 'SIGTERM',
    discardSignal: 'SIGKILL',
  };
};

/** How each kind of server is run from installed binaries; ports and passwords are new at every call. */
export const localRecipes: Record<ServerKind, RecipeFactory> = { postgres, rabbitmq, redis };

async function findFreePorts(count: number): Promise<number[]> {
  const ports = new Set<number>();
  while (ports.size < count) ports.add(await findFreePort());
  return [...ports];
}
