import { type IncomingMessage, type Server } from 'node:http';
import { type Duplex } from 'node:stream';
import { type BeforeApplicationShutdown, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { type FastifyAdapter } from '@nestjs/platform-fastify';
import { DomainError } from '@parley/contracts';
import { type WebSocket, WebSocketServer } from 'ws';
import { errorResponseFor } from '../http/error-response.js';
import { faultOf } from '../http/fault.js';
import { BODY_LIMIT_BYTES, jsonReader } from '../http/json-body.js';
import { answerRaw } from '../http/raw-response.js';
import { pathOf } from '../http/request-path.js';
import { requestIdOf } from '../http/request-scope.hook.js';
import { IdempotentRuns } from '../idempotency/idempotent-runs.js';
import { BearerAuthentication } from '../identity/bearer-authentication.js';
import { limitRejections } from '../rate-limit/rate-limiters.js';
import { RequestLimit } from '../rate-limit/request-limit.js';
import { openStreams } from '../runs/open-streams.js';
import { RunClient } from '../runs/run.client.js';
import { type Admitted, PROTOCOL, SocketAdmission } from './socket-admission.js';
import { SocketRuns } from './socket-runs.js';
import { SocketSession } from './socket-session.js';
import { CLOSE_CODES, SocketWriter } from './socket-writer.js';

export const SOCKET_PATH = '/ws';
/** Until a connection is a socket or refused. */
const ADMISSION_TIMEOUT_MS = 10_000;
/** Of one user on one gateway: tabs and devices, not a way to use memory up. */
const MAX_SOCKETS_PER_USER = 100;

/** Takes connections that want to become sockets over from the HTTP server, and closes them when the app stops. */
@Injectable()
export class SocketServer implements OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly #server = new WebSocketServer({
    ...{ noServer: true, clientTracking: false, autoPong: false, perMessageDeflate: false },
    maxPayload: BODY_LIMIT_BYTES,
    handleProtocols: (offered) => (offered.has(PROTOCOL) ? PROTOCOL : false),
  });
  readonly #writers = new Map<SocketWriter, string>();
  #isStopping = false;

  constructor(
    private readonly host: HttpAdapterHost<FastifyAdapter>,
    private readonly admission: SocketAdmission,
    private readonly authentication: BearerAuthentication,
    private readonly limit: RequestLimit,
    private readonly keys: IdempotentRuns,
    private readonly runs: RunClient,
  ) {}

  onApplicationBootstrap(): void {
    const server = this.host.httpAdapter.getInstance().server as Server & {
      shouldUpgradeCallback?: (request: IncomingMessage) => boolean;
    };
    // What else asks to be upgraded, such as curl to HTTP/2, is answered as if it had not.
    server.shouldUpgradeCallback = (request) => isSocketPath(request);
    server.on('upgrade', (request: IncomingMessage, connection: Duplex, head: Buffer) => {
      void this.#upgrade(request, connection, head);
    });
  }

  /** Clients come back through another gateway, and go on from where they were. */
  async beforeApplicationShutdown(): Promise<void> {
    this.#isStopping = true;
    await Promise.all([...this.#writers.keys()].map((writer) => writer.close(CLOSE_CODES.restart, 'restarting')));
  }

  async #upgrade(request: IncomingMessage, connection: Duplex, head: Buffer): Promise<void> {
    const deadline = setTimeout(() => connection.destroy(), ADMISSION_TIMEOUT_MS);
    connection.on('error', () => connection.destroy());
    const requestId = requestIdOf(request);
    try {
      if (!isSocketPath(request)) throw DomainError.notFound('socket');
      const admitted = await this.admission.admit(request);
      this.#checkRoom(admitted);
      this.#server.handleUpgrade(request, connection, head, (socket) => this.#begin(socket, admitted, requestId));
    } catch (error) {
      const fault = faultOf(error);
      connection.once('finish', () => connection.destroy());
      answerRaw(connection, {
        status: fault.status,
        requestId,
        ...errorResponseFor(pathFrom(request), requestId, fault),
      });
    } finally {
      clearTimeout(deadline);
    }
  }

  #checkRoom({ principal }: Admitted): void {
    if (this.#isStopping) throw new DomainError('service_unavailable', 'The gateway is stopping.');
    const { userId } = principal.tenant;
    const open = [...this.#writers.values()].filter((owner) => owner === userId).length;
    if (open < MAX_SOCKETS_PER_USER) return;
    limitRejections.inc({ limit: 'sockets' });
    throw new DomainError('rate_limit_exceeded', `A user has at most ${MAX_SOCKETS_PER_USER} sockets open.`);
  }

  #begin(socket: WebSocket, { token, principal }: Admitted, requestId: string): void {
    const writer = new SocketWriter(socket);
    const runs = new SocketRuns(this.runs, this.keys, writer);
    const parse = jsonReader(this.host.httpAdapter.getInstance());
    const { authentication, limit } = this;
    new SocketSession({ socket, writer, runs, authentication, limit, parse, token, requestId }, principal);
    this.#writers.set(writer, principal.tenant.userId);
    openStreams.inc({ surface: 'websocket' });
    socket.once('close', () => {
      this.#writers.delete(writer);
      openStreams.dec({ surface: 'websocket' });
    });
    if (this.#isStopping) void writer.close(CLOSE_CODES.restart, 'restarting');
  }
}

function isSocketPath(request: IncomingMessage): boolean {
  return pathFrom(request) === SOCKET_PATH;
}

function pathFrom({ url = '/' }: IncomingMessage): string {
  return pathOf({ url });
}
