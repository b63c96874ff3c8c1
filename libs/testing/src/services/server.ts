export type ServerKind = 'postgres' | 'rabbitmq' | 'redis';

export interface ServerEndpoints {
  /** With credentials, for clients. Postgres: a superuser on the maintenance database. */
  url: string;
  /** RabbitMQ's HTTP API, with credentials. */
  managementUrl?: string;
  /** What Prometheus scrapes of RabbitMQ itself. */
  metricsUrl?: string;
}

/** One server of the tests' own, on a port that stays the same when it is stopped and started again. */
export interface Server {
  readonly kind: ServerKind;
  readonly endpoints: ServerEndpoints;
  /** Resolves when clients are served. */
  start(): Promise<void>;
  /** Orderly shutdown; data stay. */
  stop(): Promise<void>;
  /** SIGKILL, as when the machine loses it; data stay. */
  kill(): Promise<void>;
  /** Ends it and deletes its data. Safe to call in any state and repeatedly. */
  remove(): Promise<void>;
}
