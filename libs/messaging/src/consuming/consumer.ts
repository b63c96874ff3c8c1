import { Logger } from '@nestjs/common';
import { type Channel, type ChannelModel, type ConsumeMessage } from 'amqplib';
import { backoffMs } from '../connection/backoff.js';
import { closeQuietly } from '../connection/close-quietly.js';
import { pause, within } from '../connection/deadline.js';

/** What the broker is told about a delivery when its handling is over. */
export type Settlement = 'ack' | 'requeue';

export interface ConsumerOptions {
  queue: string;
  /** Deliveries held at a time. */
  prefetch: number;
  /** Deliveries worked on at a time. */
  concurrency: number;
  declare(channel: Channel): Promise<void>;
  /** How long the broker may take to answer each of the two steps of a subscription. */
  subscribeTimeoutMs: number;
  /** Deletes the queue when it has lost its leader; absent where what it holds cannot be told again. */
  removeLeaderless?: ((model: ChannelModel) => Promise<boolean>) | undefined;
  /** Aborting the controller tells the handler that its time is over. */
  handle(message: ConsumeMessage, controller: AbortController): Promise<Settlement>;
}

interface Delivery {
  channel: Channel;
  message: ConsumeMessage;
}

const RESUBSCRIBE = { baseMs: 500, maxMs: 30_000 };
/** Tries in a row that nobody answered, before the queue is deleted to be declared anew. */
const UNANSWERED_TRIES = 2;
/** AMQP reply code. */
const NOT_FOUND = 404;
const CANCEL_TIMEOUT_MS = 2_000;
/** What an aborted handler gets to come to an end. */
const ABORT_GRACE_MS = 1_000;

/** Works on the messages of one queue, on a channel of its own, and acknowledges each when its handling is over. */
export class Consumer {
  readonly #logger = new Logger('Messaging');
  readonly #stop = new AbortController();
  readonly #inFlight = new Map<AbortController, Promise<void>>();
  #waiting: Delivery[] = [];
  #subscription: { channel: Channel; tag: string } | null = null;
  #model: ChannelModel | null = null;
  #unanswered = 0;

  constructor(private readonly options: ConsumerOptions) {}

  /** Subscribes, and again whenever the broker ends the subscription, for as long as this connection is the current one. */
  async start(model: ChannelModel): Promise<void> {
    this.#model = model;
    for (let attempt = 1; this.#model === model && !this.#stop.signal.aborted; attempt += 1) {
      try {
        return await this.#open(model);
      } catch (error) {
        this.#warn('Could not subscribe', error);
        await pause(backoffMs(attempt, RESUBSCRIBE), this.#stop.signal);
      }
    }
  }

  /** Its connection is gone: unsettled messages will be delivered again. Handlers in flight run on. */
  lost(): void {
    this.#model = null;
    this.#subscription = null;
    this.#waiting = [];
  }

  /** Takes no more messages, lets the handlers in flight finish, aborts those that do not within `timeoutMs`. */
  async drain(timeoutMs: number): Promise<void> {
    this.#stop.abort();
    this.#waiting = [];
    const subscription = this.#subscription;
    if (subscription) {
      const cancelled = subscription.channel.cancel(subscription.tag);
      await within(CANCEL_TIMEOUT_MS, cancelled).catch((error: unknown) => this.#warn('Could not cancel', error));
    }
    await within(timeoutMs, this.#idle()).catch(() => this.#abort());
    this.#subscription = null;
    if (subscription) await within(CANCEL_TIMEOUT_MS, closeQuietly(subscription.channel)).catch(() => undefined);
  }

  /** A quorum queue without a leader answers nothing at all: then the next try takes a new channel. */
  async #open(model: ChannelModel): Promise<void> {
    const { subscribeTimeoutMs } = this.options;
    if (this.#unanswered >= UNANSWERED_TRIES) await this.#removeLeaderless(model);
    const channel = await within(subscribeTimeoutMs, model.createChannel());
    try {
      await within(subscribeTimeoutMs, this.#subscribe(model, channel));
      this.#unanswered = 0;
    } catch (error) {
      this.#unanswered = isRefusal(error) ? 0 : this.#unanswered + 1;
      void closeQuietly(channel);
      throw error;
    }
  }

  /** Its subscribers on other connections hear that it is gone, and declare it too; what it was told is told again. */
  async #removeLeaderless(model: ChannelModel): Promise<void> {
    this.#unanswered = 0;
    const isRemoved = await this.options.removeLeaderless?.(model);
    if (isRemoved) this.#logger.warn(`${this.options.queue}: had no leader, was deleted and is declared anew`);
  }

  async #subscribe(model: ChannelModel, channel: Channel): Promise<void> {
    let isOpen = true;
    channel.on('error', (error) => this.#warn('Channel failed', error));
    channel.on('close', () => {
      isOpen = false;
      if (this.#subscription?.channel === channel) void this.#resubscribe(model);
    });
    await this.options.declare(channel);
    await channel.prefetch(this.options.prefetch);
    const receive = (message: ConsumeMessage | null) => {
      if (message) this.#receive({ channel, message });
      else void closeQuietly(channel);
    };
    const { consumerTag } = await channel.consume(this.options.queue, receive, { noAck: false });
    if (!isOpen) throw new Error('The channel closed at once.');
    if (this.#stop.signal.aborted) return channel.close();
    this.#subscription = { channel, tag: consumerTag };
  }

  async #resubscribe(model: ChannelModel): Promise<void> {
    this.#subscription = null;
    this.#waiting = [];
    await pause(RESUBSCRIBE.baseMs, this.#stop.signal);
    if (this.#model === model) await this.start(model);
  }

  #receive(delivery: Delivery): void {
    if (this.#stop.signal.aborted) return;
    if (this.#inFlight.size >= this.options.concurrency) this.#waiting.push(delivery);
    else this.#work(delivery);
  }

  #work(delivery: Delivery): void {
    const controller = new AbortController();
    const work = this.#settle(delivery, controller).finally(() => {
      this.#inFlight.delete(controller);
      const next = this.#waiting.shift();
      if (next) this.#work(next);
    });
    this.#inFlight.set(controller, work);
  }

  async #settle({ channel, message }: Delivery, controller: AbortController): Promise<void> {
    let settlement: Settlement = 'requeue';
    try {
      settlement = await this.options.handle(message, controller);
    } catch (error) {
      this.#warn('Handling failed', error);
    }
    try {
      if (settlement === 'ack') channel.ack(message);
      else channel.nack(message, false, true);
    } catch {
      this.#logger.debug(`${this.options.queue}: the channel is gone, the message will be delivered again`);
    }
  }

  async #idle(): Promise<void> {
    while (this.#inFlight.size > 0) await Promise.all(this.#inFlight.values());
  }

  async #abort(): Promise<void> {
    this.#logger.warn(`${this.options.queue}: aborting ${this.#inFlight.size} handlers that did not finish in time`);
    for (const controller of this.#inFlight.keys()) controller.abort(new Error('The app is stopping.'));
    await within(ABORT_GRACE_MS, this.#idle()).catch(() => undefined);
  }

  #warn(what: string, error: unknown): void {
    this.#logger.warn(`${this.options.queue}: ${what}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** The broker says why it does not let anybody subscribe; a queue that vanishes meanwhile is no reason. */
function isRefusal(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'number' && code !== NOT_FOUND;
}
