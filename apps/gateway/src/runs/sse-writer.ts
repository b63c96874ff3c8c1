import { type OutgoingHttpHeaders, type ServerResponse } from 'node:http';
import { type FastifyReply } from 'fastify';
import { openStreams } from './open-streams.js';

export interface SseOptions {
  /** Proxies cut connections that are silent for long; the first cuts after 60 s. */
  heartbeatIntervalMs: number;
  /** How long a client may leave the socket full before it is dropped. */
  drainTimeoutMs: number;
}

const DEFAULTS: SseOptions = { heartbeatIntervalMs: 10_000, drainTimeoutMs: 20_000 };

const HEADERS = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-cache, no-transform',
  'x-accel-buffering': 'no',
};

const HEARTBEAT = ': ping\n\n';

/**
 * One event stream to one client. At most one frame beyond the socket's own buffer waits in memory: `send` resolves
 * when the client has taken enough. A client that takes nothing for `drainTimeoutMs` loses its connection.
 */
export class SseWriter {
  readonly #options: SseOptions;
  readonly #heartbeat: NodeJS.Timeout;

  constructor(
    private readonly response: ServerResponse,
    options: Partial<SseOptions> = {},
  ) {
    this.#options = { ...DEFAULTS, ...options };
    this.#heartbeat = setInterval(() => this.#ping(), this.#options.heartbeatIntervalMs);
    openStreams.inc({ surface: 'sse' });
    response.once('close', () => {
      openStreams.dec({ surface: 'sse' });
      clearInterval(this.#heartbeat);
    });
    response.on('error', () => response.destroy());
  }

  /** Takes the response over from Fastify, with the headers that hooks have put on it. */
  static open(reply: FastifyReply, options?: Partial<SseOptions>): SseWriter {
    const headers = { ...reply.getHeaders(), ...HEADERS } as OutgoingHttpHeaders;
    reply.hijack();
    reply.raw.writeHead(200, headers);
    return new SseWriter(reply.raw, options);
  }

  /** False once the client is gone or was dropped. */
  get isOpen(): boolean {
    return !this.response.destroyed && !this.response.writableEnded;
  }

  /** One event, unnamed unless told; `id` is what a client resumes from. Does nothing when the client is gone. */
  async send(data: string, id?: number, event?: string): Promise<void> {
    if (!this.isOpen) return;
    this.#heartbeat.refresh();
    if (!this.response.write(frame(data, id, event))) await this.#drained();
  }

  end(): void {
    clearInterval(this.#heartbeat);
    if (!this.isOpen) return;
    const deadline = this.#dropLater();
    this.response.once('close', () => clearTimeout(deadline));
    this.response.end();
  }

  #drained(): Promise<void> {
    return new Promise((resolve) => {
      const deadline = this.#dropLater();
      const settle = () => {
        clearTimeout(deadline);
        this.response.off('drain', settle).off('close', settle);
        resolve();
      };
      this.response.once('drain', settle).once('close', settle);
    });
  }

  #dropLater(): NodeJS.Timeout {
    return setTimeout(() => this.response.destroy(), this.#options.drainTimeoutMs);
  }

  #ping(): void {
    if (this.isOpen && !this.response.writableNeedDrain) this.response.write(HEARTBEAT);
  }
}

function frame(data: string, id: number | undefined, event: string | undefined): string {
  const lines = data.split(/\r\n|\r|\n/).map((line) => `data: ${line}\n`);
  const name = event === undefined ? '' : `event: ${event}\n`;
  return `${name}${id === undefined ? '' : `id: ${id}\n`}${lines.join('')}\n`;
}
