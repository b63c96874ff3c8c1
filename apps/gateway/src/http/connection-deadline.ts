import { type BeforeApplicationShutdown, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { type FastifyAdapter } from '@nestjs/platform-fastify';
import { ServerConfig } from '@parley/config';

/** Requests in flight may finish when the app stops, but a client that reads slowly or not at all cannot hold it up. */
@Injectable()
export class ConnectionDeadline implements BeforeApplicationShutdown, OnApplicationShutdown {
  #timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly server: ServerConfig,
    private readonly host: HttpAdapterHost<FastifyAdapter>,
  ) {}

  beforeApplicationShutdown(): void {
    const { server } = this.host.httpAdapter.getInstance();
    this.#timer = setTimeout(() => server.closeAllConnections(), this.server.shutdownTimeoutMs);
  }

  onApplicationShutdown(): void {
    clearTimeout(this.#timer);
  }
}
