import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo } from 'node:net';
import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { ServerConfig } from '@parley/config';
import { register } from 'prom-client';
import { HttpConfig } from '../http/http.config.js';

const REQUEST_TIMEOUT_MS = 10_000;

/** `/metrics` without credentials, on a port that is not published: METRICS_PORT. */
@Injectable()
export class MetricsListener implements OnApplicationBootstrap, OnApplicationShutdown {
  readonly #logger = new Logger(MetricsListener.name);
  #server: Server | undefined;

  constructor(
    private readonly config: HttpConfig,
    private readonly server: ServerConfig,
  ) {}

  /** The port that was taken; null when there is no such listener. */
  get port(): number | null {
    return (this.#server?.address() as AddressInfo | null | undefined)?.port ?? null;
  }

  async onApplicationBootstrap(): Promise<void> {
    const { metricsPort } = this.config;
    if (metricsPort === undefined) return;
    const server = createServer({ requestTimeout: REQUEST_TIMEOUT_MS }, (request, response) => {
      answer(request, response).catch(() => response.destroy());
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(metricsPort, this.server.host, () => resolve());
    });
    this.#server = server;
    this.#logger.log(`Metrics are served on port ${this.port}.`);
  }

  async onApplicationShutdown(): Promise<void> {
    const server = this.#server;
    if (!server) return;
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  }
}

async function answer({ method, url }: IncomingMessage, response: ServerResponse): Promise<void> {
  if (method !== 'GET' || url !== '/metrics') {
    response.writeHead(404).end();
    return;
  }
  const metrics = await register.metrics();
  response.writeHead(200, { 'content-type': register.contentType }).end(metrics);
}
