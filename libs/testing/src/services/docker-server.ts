import { randomBytes } from 'node:crypto';
import { commandSucceeds, runCommand } from './command.js';
import { findFreePort } from './free-port.js';
import { discardInstance, saveInstance, type InstanceRecord, type Owner } from './instance-registry.js';
import { waitUntilServing } from './readiness.js';
import { postgresSettings, redisSettings } from './server-settings.js';
import type { Server, ServerEndpoints, ServerKind } from './server.js';

const PULL_LIMIT_MS = 10 * 60_000;

/** How one kind of server is run as a container. */
export interface ContainerRecipe {
  kind: ServerKind;
  endpoints: ServerEndpoints;
  image: string;
  /** Arguments of `docker create` before the image: ports and environment. */
  options: string[];
  command: string[];
}

/** True when a Docker engine answers; the client alone is not enough. */
export function isDockerReachable(): Promise<boolean> {
  return commandSucceeds('docker', ['info'], { timeoutMs: 10_000 });
}

/** A server in a container of its own. */
export class DockerServer implements Server {
  readonly kind: ServerKind;
  readonly endpoints: ServerEndpoints;
  private readonly name: string;
  private readonly recipe: ContainerRecipe;
  private readonly owner: Owner;
  private record: InstanceRecord | null = null;

  constructor(recipe: ContainerRecipe, owner: Owner) {
    this.recipe = recipe;
    this.owner = owner;
    this.kind = recipe.kind;
    this.endpoints = recipe.endpoints;
    this.name = `parley-test-${recipe.kind}-${randomBytes(4).toString('hex')}`;
  }

  async start(): Promise<void> {
    if (!this.record) await this.create();
    await runCommand('docker', ['start', this.name]);
    await waitUntilServing(this.kind, this.endpoints, () => this.isRunning());
  }

  async stop(): Promise<void> {
    await runCommand('docker', ['stop', '-t', '15', this.name]);
  }

  async kill(): Promise<void> {
    await runCommand('docker', ['kill', '--signal', 'KILL', this.name]);
    await runCommand('docker', ['wait', this.name]);
  }

  async remove(): Promise<void> {
    if (this.record) await discardInstance(this.record);
    this.record = null;
  }

  private async create(): Promise<void> {
    const { image, options, command } = this.recipe;
    this.record = {
      id: this.name,
      kind: this.kind,
      owner: this.owner,
      endpoints: this.endpoints,
      directory: null,
      runtime: { type: 'container', name: this.name },
    };
    await saveInstance(this.record);
    const fixed = ['--name', this.name, '--hostname', this.name];
    await runCommand('docker', ['create', ...fixed, ...options, image, ...command], { timeoutMs: PULL_LIMIT_MS });
  }

  private async isRunning(): Promise<boolean> {
    const state = await runCommand('docker', ['inspect', '--format', '{{.State.Running}}', this.name]).catch(() => '');
    return state.trim() === 'true';
  }
}

const newPassword = () => randomBytes(12).toString('hex');
const publish = (port: number, containerPort: number) => ['--publish', `127.0.0.1:${port}:${containerPort}`];

/** How each kind of server is run as a container; ports and passwords are new at every call. */
export const containerRecipes: Record<ServerKind, () => Promise<ContainerRecipe>> = {
  postgres: async () => {
    const [port, password] = [await findFreePort(), newPassword()];
    return {
      kind: 'postgres',
      endpoints: { url: `postgres://postgres:${password}@127.0.0.1:${port}/postgres` },
      image: 'pgvector/pgvector:pg17',
      options: [...publish(port, 5432), '--env', `POSTGRES_PASSWORD=${password}`, '--shm-size', '256m'],
      command: ['postgres', ...postgresSettings.flatMap((setting) => ['-c', setting])],
    };
  },
  rabbitmq: async () => {
    const [port, managementPort, metricsPort] = [await findFreePort(), await findFreePort(), await findFreePort()];
    const password = newPassword();
    const credentials = `parley:${password}`;
    return {
      kind: 'rabbitmq',
      endpoints: {
        url: `amqp://${credentials}@127.0.0.1:${port}`,
        managementUrl: `http://${credentials}@127.0.0.1:${managementPort}`,
        metricsUrl: `http://127.0.0.1:${metricsPort}/metrics`,
      },
      image: 'rabbitmq:4-management',
      options: [
        ...[...publish(port, 5672), ...publish(managementPort, 15672), ...publish(metricsPort, 15692)],
        ...['--env', 'RABBITMQ_DEFAULT_USER=parley', '--env', `RABBITMQ_DEFAULT_PASS=${password}`],
      ],
      command: [],
    };
  },
  redis: async () => {
    const port = await findFreePort();
    return {
      kind: 'redis',
      endpoints: { url: `redis://127.0.0.1:${port}` },
      image: 'redis:7-alpine',
      options: publish(port, 6379),
      command: ['redis-server', ...redisSettings],
    };
  },
};
