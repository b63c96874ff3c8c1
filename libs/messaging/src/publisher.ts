import { type Channel, type ChannelModel, type ConfirmChannel, type Options } from 'amqplib';
import { closeQuietly } from './connection/close-quietly.js';
import { within } from './connection/deadline.js';
import { declareExchanges, DIRECT_EXCHANGE } from './topology.js';
import { unavailable } from './unavailable.js';

export interface OutgoingMessage {
  exchange: string;
  routingKey: string;
  body: unknown;
  properties: Options.Publish;
}

const MAX_UNCONFIRMED = 2_000;
/** What may wait in this process for a broker that reads too slowly. */
const MAX_BACKLOG_BYTES = 16 * 1024 * 1024;
/** The embedded broker says so for the routing of others' messages too; `return` tells which message it was. */
const EMBEDDED_UNROUTABLE = 'message undelivered';

/**
 * Sends messages over the publishing connection: `confirmed` for what must arrive, `send` for what its receiver
 * acknowledges anyway (an answered request) or can miss (a token of a stream).
 */
export class Publisher {
  #fast: Channel | null = null;
  #confirming: ConfirmChannel | null = null;
  #backlogBytes = 0;
  readonly #unconfirmed = new Map<string, { returned: boolean }>();
  readonly #watched = new Map<string, () => void>();

  constructor(
    private readonly confirmTimeoutMs: number,
    /** Told the message id of a mandatory message that reached no queue. */
    private readonly onReturned: (messageId: string) => void,
  ) {}

  async open(model: ChannelModel): Promise<void> {
    const fast = await model.createChannel();
    const confirming = await model.createConfirmChannel();
    for (const channel of [fast, confirming]) {
      channel.on('error', () => undefined);
      channel.on('return', (message) => this.#returned(message.properties.messageId));
      // Without its channel the connection is useless: its end brings new ones.
      channel.on('close', () => void closeQuietly(model));
    }
    fast.on('drain', () => (this.#backlogBytes = 0));
    await declareExchanges(confirming);
    this.#backlogBytes = 0;
    this.#fast = fast;
    this.#confirming = confirming;
  }

  lost(): void {
    this.#fast = null;
    this.#confirming = null;
  }

  /** @throws DomainError `service_unavailable` when there is no connection, or the broker does not keep up. */
  send({ exchange, routingKey, body, properties }: OutgoingMessage): void {
    if (!this.#fast || this.#backlogBytes > MAX_BACKLOG_BYTES) throw unavailable();
    const content = encode(body);
    try {
      const flushed = this.#fast.publish(exchange, routingKey, content, properties);
      if (!flushed) this.#backlogBytes += content.length;
    } catch (error) {
      throw unavailable(undefined, error);
    }
  }

  /** Calls back when a mandatory message with this id reaches no queue, until it is unwatched. */
  watch(messageId: string, onReturned: () => void): void {
    this.#watched.set(messageId, onReturned);
  }

  unwatch(messageId: string): void {
    this.#watched.delete(messageId);
  }

  /**
   * Resolves when the broker has taken the message; with `mandatory` in its properties, when a queue has.
   * @throws DomainError `service_unavailable` otherwise; the message may have arrived nevertheless
   */
  async confirmed(message: OutgoingMessage & { properties: { messageId: string } }): Promise<void> {
    const channel = this.#confirming;
    if (!channel || this.#unconfirmed.size >= MAX_UNCONFIRMED) throw unavailable();
    const { messageId } = message.properties;
    const state = { returned: false };
    this.#unconfirmed.set(messageId, state);
    try {
      await within(this.confirmTimeoutMs, untilConfirmed(channel, message));
    } catch (error) {
      throw unavailable(undefined, error);
    } finally {
      if (this.#unconfirmed.get(messageId) === state) this.#unconfirmed.delete(messageId);
    }
    if (state.returned) throw unavailable(`No queue takes ${message.routingKey}.`);
  }

  /** Waits until everything sent so far is with the broker. */
  async flush(): Promise<void> {
    await this.#confirming?.waitForConfirms();
    // Publishing without confirmation is answered by nothing, but a question behind it on the same channel is.
    await this.#fast?.checkExchange(DIRECT_EXCHANGE);
  }

  #returned(messageId: unknown): void {
    if (typeof messageId !== 'string') return;
    const state = this.#unconfirmed.get(messageId);
    const watched = this.#watched.get(messageId);
    if (state) state.returned = true;
    else if (watched) watched();
    else this.onReturned(messageId);
  }
}

function encode(body: unknown): Buffer {
  return Buffer.isBuffer(body) ? body : Buffer.from(JSON.stringify(body ?? null));
}

function untilConfirmed(channel: ConfirmChannel, message: OutgoingMessage): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (error: unknown) => {
      if (!(error instanceof Error)) resolve();
      else if (error.message === EMBEDDED_UNROUTABLE) setImmediate(resolve);
      else reject(error);
    };
    channel.publish(message.exchange, message.routingKey, encode(message.body), message.properties, settle);
  });
}
