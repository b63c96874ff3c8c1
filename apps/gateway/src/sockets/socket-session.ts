import { Logger } from '@nestjs/common';
import { DomainError } from '@parley/contracts';
import { requestScope } from '@parley/observability';
import { type WebSocket } from 'ws';
import { faultOf } from '../http/fault.js';
import { type BearerAuthentication } from '../identity/bearer-authentication.js';
import { type Principal } from '../identity/principal.js';
import { type Scope } from '../identity/scopes.js';
import { type RequestLimit } from '../rate-limit/request-limit.js';
import { errorEvent, type MessageType, readMessage, type SocketMessage } from './socket-messages.js';
import { type SocketRuns } from './socket-runs.js';
import { CLOSE_CODES, type SocketWriter } from './socket-writer.js';

export interface SessionOptions {
  /** How often the client is asked for a sign of life, and whether its credentials are still good. */
  heartbeatIntervalMs: number;
  /** Messages that may come between two heartbeats. */
  maxMessages: number;
  /** Messages that may wait for those before them. */
  maxWaiting: number;
}

const OPTIONS: SessionOptions = { heartbeatIntervalMs: 15_000, maxMessages: 1_000, maxWaiting: 64 };

/** As the routes that do the same. */
const SCOPES: Readonly<Record<MessageType, Scope | null>> = {
  start: 'chat:write',
  cancel: 'chat:write',
  subscribe: 'chat:read',
  unsubscribe: null,
  ping: null,
};

export interface SessionParts {
  socket: WebSocket;
  writer: SocketWriter;
  runs: SocketRuns;
  authentication: BearerAuthentication;
  limit: RequestLimit;
  parse: (text: string) => Promise<Record<string, unknown>>;
  /** What the client was let in with; null: nothing. */
  token: string | null;
  requestId: string;
}

/** One client on its socket: what it says is done in its order, and a fault of it is told and harms nothing else. */
export class SocketSession {
  readonly #logger = new Logger(SocketSession.name);
  readonly #options: SessionOptions;
  readonly #heartbeat: NodeJS.Timeout;
  #done: Promise<void> = Promise.resolve();
  #waiting = 0;
  #received = 0;
  #isAlive = true;

  constructor(
    private readonly parts: SessionParts,
    private principal: Principal,
    options: Partial<SessionOptions> = {},
  ) {
    this.#options = { ...OPTIONS, ...options };
    const { socket, writer, runs } = parts;
    this.#heartbeat = setInterval(() => void this.#beat(), this.#options.heartbeatIntervalMs);
    socket.on('message', (data: Buffer, isBinary: boolean) => this.#receive(isBinary ? null : data.toString()));
    socket.on('ping', (data: Buffer) => writer.pong(data));
    socket.on('pong', () => (this.#isAlive = true));
    // The library has closed the socket, or will: 1009 when a message is too large.
    socket.on('error', (error) => this.#logger.debug(`A socket failed: ${error.message}`));
    socket.once('close', () => {
      clearInterval(this.#heartbeat);
      runs.leaveAll();
    });
  }

  #receive(text: string | null): void {
    this.#isAlive = true;
    this.#received += 1;
    this.#waiting += 1;
    if (this.#received > this.#options.maxMessages || this.#waiting > this.#options.maxWaiting) {
      return void this.parts.writer.close(CLOSE_CODES.policy, 'too many messages');
    }
    const { requestId } = this.parts;
    const scope = { requestId, tenantId: this.principal.tenant.tenantId };
    this.#done = this.#done
      .then(() => requestScope.run(scope, () => this.#answer(text)))
      .finally(() => this.#waiting--);
  }

  async #answer(text: string | null): Promise<void> {
    let fields: Record<string, unknown> = {};
    try {
      if (text === null) throw new DomainError('invalid_request', 'Send JSON in text messages.');
      fields = await this.parts.parse(text);
      const message = readMessage(fields);
      await this.#admit(SCOPES[message.type]);
      await this.#do(message, fields);
    } catch (error) {
      const fault = faultOf(error);
      if (fault.code === 'internal_error') this.#logger.error(error instanceof Error ? error.stack : String(error));
      await this.parts.writer.send(errorEvent(textOf(fields['id']), textOf(fields['type']), fault));
    }
  }

  async #admit(scope: Scope | null): Promise<void> {
    if (scope === null) return;
    if (!this.principal.scopes.includes(scope))
      throw new DomainError('insufficient_scope', `The credentials lack the scope ${scope}.`);
    await this.parts.limit.consume(this.principal);
  }

  async #do(message: SocketMessage, fields: Record<string, unknown>): Promise<void> {
    const { runs, writer } = this.parts;
    const { tenant } = this.principal;
    switch (message.type) {
      case 'start':
        return runs.start(tenant, message, fields['request']);
      case 'subscribe':
        return runs.subscribe(tenant, message);
      case 'unsubscribe':
        return runs.unsubscribe(message);
      case 'cancel':
        return runs.cancel(tenant, message);
      case 'ping':
        return writer.send({ type: 'pong', id: message.id ?? null });
    }
  }

  /** A client that has not answered since the last time is gone. */
  async #beat(): Promise<void> {
    this.#received = 0;
    if (!this.#isAlive) return this.parts.socket.terminate();
    this.#isAlive = false;
    this.parts.writer.ping();
    try {
      this.principal = await this.parts.authentication.principalOf(this.parts.token);
    } catch (error) {
      // Whether the database is away says nothing about the credentials.
      if (error instanceof DomainError && error.code === 'invalid_credentials')
        await this.parts.writer.close(CLOSE_CODES.credentials, error.code);
    }
  }
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' ? value.slice(0, 64) : null;
}
