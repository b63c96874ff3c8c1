import { type WebSocket } from 'ws';
import { type SocketEvent } from './socket-messages.js';

/** Sent with the closing handshake; those from 4000 on are our own. */
export const CLOSE_CODES = {
  goingAway: 1001,
  policy: 1008,
  tooLarge: 1009,
  restart: 1012,
  credentials: 4401,
  tooSlow: 4408,
} as const;

export interface WriterLimits {
  /** What may wait for a client to take it, besides one event of each run. */
  maxBufferedBytes: number;
  /** How long a client may leave more than that waiting before it is dropped. */
  drainTimeoutMs: number;
  /** How long a client may take to answer the closing handshake. */
  closeTimeoutMs: number;
}

const LIMITS: WriterLimits = { maxBufferedBytes: 256 * 1024, drainTimeoutMs: 20_000, closeTimeoutMs: 2_000 };

/** Events to one client. `send` resolves when the client has taken enough, so that whoever sends goes no faster than that. */
export class SocketWriter {
  readonly #limits: WriterLimits;
  readonly #closed: Promise<void>;

  constructor(
    private readonly socket: WebSocket,
    limits: Partial<WriterLimits> = {},
  ) {
    this.#limits = { ...LIMITS, ...limits };
    this.#closed = new Promise((resolve) => socket.once('close', () => resolve()));
  }

  get isOpen(): boolean {
    return this.socket.readyState === this.socket.OPEN;
  }

  /** Does nothing when the client is gone. */
  async send(event: SocketEvent): Promise<void> {
    if (!this.isOpen) return;
    const written = new Promise<void>((resolve) => this.socket.send(JSON.stringify(event), () => resolve()));
    if (this.socket.bufferedAmount <= this.#limits.maxBufferedBytes) return;
    const deadline = setTimeout(() => this.close(CLOSE_CODES.tooSlow, 'too slow'), this.#limits.drainTimeoutMs);
    await Promise.race([written, this.#closed]).finally(() => clearTimeout(deadline));
  }

  /** Asks whether the client is there; not while it takes nothing anyway. */
  ping(): void {
    if (this.isOpen && this.#hasRoom) this.socket.ping();
  }

  pong(data: Buffer): void {
    if (this.isOpen && this.#hasRoom) this.socket.pong(data);
  }

  /** Resolves when the socket is closed, in any case soon. */
  async close(code: number, reason: string): Promise<void> {
    if (this.isOpen) this.socket.close(code, reason);
    const deadline = setTimeout(() => this.socket.terminate(), this.#limits.closeTimeoutMs);
    if (this.socket.readyState !== this.socket.CLOSED) await this.#closed;
    clearTimeout(deadline);
  }

  get #hasRoom(): boolean {
    return this.socket.bufferedAmount <= this.#limits.maxBufferedBytes;
  }
}
