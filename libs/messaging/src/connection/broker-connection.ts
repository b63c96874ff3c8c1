import { Logger } from '@nestjs/common';
import { type ChannelModel } from 'amqplib';
import { backoffMs, type Backoff } from './backoff.js';
import { type BrokerConnect } from './broker-connect.js';
import { closeQuietly } from './close-quietly.js';
import { pause, within } from './deadline.js';

export interface BrokerConnectionOptions {
  /** For logs. */
  name: string;
  url: string;
  connect: BrokerConnect;
  backoff: Backoff;
  /** Declares what the connection needs and opens its channels. When it throws, the connection is made anew. */
  onOpen(model: ChannelModel): Promise<void>;
  onLost(): void;
  /** `isUsable` may have changed. */
  onChange(): void;
}

const OPEN_TIMEOUT_MS = 15_000;
const CLOSE_TIMEOUT_MS = 2_000;

/** One connection that is kept until it is closed on purpose: it reconnects for ever, ever more patiently. */
export class BrokerConnection {
  readonly #logger = new Logger('Messaging');
  readonly #stop = new AbortController();
  #session: { model: ChannelModel; lost: Promise<string> } | null = null;
  #isOpen = false;
  #isBlocked = false;
  #running: Promise<void> = Promise.resolve();

  constructor(private readonly options: BrokerConnectionOptions) {}

  /** False as well while the broker refuses to take messages because it runs out of memory or disk. */
  get isUsable(): boolean {
    return this.#isOpen && !this.#isBlocked;
  }

  /** Returns at once; the broker may be down for as long as it likes. */
  start(): void {
    this.#running = this.#keepOpen();
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#discard();
    await within(CLOSE_TIMEOUT_MS, this.#running).catch(() => undefined);
  }

  async #keepOpen(): Promise<void> {
    const { signal } = this.#stop;
    const stopped = new Promise<string>((resolve) => signal.addEventListener('abort', () => resolve('closed')));
    let failures = 0;
    while (!signal.aborted) {
      try {
        const { lost } = await this.#open();
        failures = 0;
        const reason = await Promise.race([lost, stopped]);
        if (!signal.aborted) this.#logger.warn(`${this.options.name} connection lost: ${reason}`);
      } catch (error) {
        const reason = error instanceof Error ? error.message || error.name : String(error);
        if (!signal.aborted) this.#logger.warn(`${this.options.name} connection failed: ${reason}`);
      }
      await this.#discard();
      failures += 1;
      await pause(backoffMs(failures, this.options.backoff), signal);
    }
  }

  /** @returns when the connection is ready; `lost` tells the reason when it ends. */
  async #open(): Promise<{ lost: Promise<string> }> {
    const model = await this.#connect();
    let reason = 'closed by the broker';
    model.on('error', (error) => (reason = error.message));
    model.on('blocked', () => this.#setBlocked(true));
    model.on('unblocked', () => this.#setBlocked(false));
    const lost = new Promise<string>((resolve) => model.on('close', () => resolve(reason)));
    this.#session = { model, lost };
    this.#stop.signal.throwIfAborted();
    const lostTooSoon = lost.then((why) => Promise.reject(new Error(why)));
    await within(OPEN_TIMEOUT_MS, Promise.race([this.options.onOpen(model), lostTooSoon]));
    this.#isOpen = true;
    this.options.onChange();
    this.#logger.log(`${this.options.name} connection open`);
    return { lost };
  }

  async #connect(): Promise<ChannelModel> {
    const connecting = this.options.connect(this.options.url);
    try {
      return await within(OPEN_TIMEOUT_MS, connecting, this.#stop.signal);
    } catch (error) {
      connecting.then(closeQuietly, () => undefined);
      throw error;
    }
  }

  async #discard(): Promise<void> {
    const session = this.#session;
    this.#session = null;
    this.#isOpen = false;
    this.#isBlocked = false;
    if (!session) return;
    this.options.onLost();
    this.options.onChange();
    // A close that crosses with the loss of the socket never settles by itself.
    const closed = Promise.race([closeQuietly(session.model), session.lost]);
    await within(CLOSE_TIMEOUT_MS, closed).catch(() => undefined);
  }

  #setBlocked(isBlocked: boolean): void {
    this.#isBlocked = isBlocked;
    if (isBlocked) this.#logger.warn(`${this.options.name} connection blocked: the broker is short of memory or disk`);
    this.options.onChange();
  }
}
