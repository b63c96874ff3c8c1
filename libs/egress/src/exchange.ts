import { once } from 'node:events';
import { Readable } from 'node:stream';
import { type Client } from 'undici';
import { EgressError } from './egress-error.js';
import { failureOf } from './failure-of.js';

/** One request with all its redirects: what limits its time, and what has to be closed after it. */
export class Exchange {
  readonly #stop = new AbortController();
  readonly #timer: NodeJS.Timeout;
  readonly #outer: AbortSignal | undefined;
  readonly #forward: () => void;
  #client: Client | undefined;

  /** @param host the one that is spoken to, for messages */
  constructor(
    public host: string,
    totalTimeoutMs: number,
    outer: AbortSignal | undefined,
  ) {
    this.#outer = outer;
    this.#forward = () => this.#stop.abort(outer?.reason);
    this.#timer = setTimeout(() => this.#timeOut(), totalTimeoutMs);
    this.signal.addEventListener('abort', () => this.end(), { once: true });
    outer?.addEventListener('abort', this.#forward, { once: true });
    if (outer?.aborted) this.#forward();
  }

  get signal(): AbortSignal {
    return this.#stop.signal;
  }

  /** Why it was stopped, if it was. */
  get failure(): unknown {
    return this.signal.aborted ? this.signal.reason : undefined;
  }

  /** Stops the exchange unless the returned function is called in time. */
  expectWithin(milliseconds: number): () => void {
    const timer = setTimeout(() => this.#timeOut(), milliseconds);
    return () => clearTimeout(timer);
  }

  async unlessStopped<T>(work: Promise<T>): Promise<T> {
    this.signal.throwIfAborted();
    const settled = new AbortController();
    const stopped = once(this.signal, 'abort', { signal: settled.signal }).then(() => {
      throw this.signal.reason;
    });
    stopped.catch(() => undefined);
    return await Promise.race([work, stopped]).finally(() => settled.abort());
  }

  /** Closes the connection of the redirect before. */
  use(client: Client): void {
    this.#closeConnection();
    this.#client = client;
  }

  /** The content as a stream, which ends the exchange. */
  readable(content: AsyncIterable<Buffer>): Readable {
    const body = Readable.from(this.#translated(content), { objectMode: false });
    // Whoever reads it is told by the reading; when nobody does, its end must not bring the process down.
    body.on('error', () => undefined);
    const stop = (): void => void body.destroy(this.failure as Error);
    this.signal.addEventListener('abort', stop, { once: true });
    return body.once('close', () => {
      this.signal.removeEventListener('abort', stop);
      this.end();
    });
  }

  /** Does no harm when it has ended. */
  end(): void {
    clearTimeout(this.#timer);
    this.#outer?.removeEventListener('abort', this.#forward);
    this.#closeConnection();
  }

  async *#translated(content: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    try {
      yield* content;
    } catch (error) {
      throw this.failure ?? failureOf(error, this.host);
    }
  }

  #timeOut(): void {
    this.#stop.abort(new EgressError('timeout', `${this.host} takes too long to answer.`, { isTransient: true }));
  }

  #closeConnection(): void {
    this.#client?.destroy().catch(() => undefined);
    this.#client = undefined;
  }
}
