import { Inject, Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { type ChannelModel } from 'amqplib';
import { BrokerConnection } from './connection/broker-connection.js';
import { closeQuietly } from './connection/close-quietly.js';
import { within } from './connection/deadline.js';
import { type Consumer } from './consuming/consumer.js';
import { type SignalEndpoint } from './consuming/signal-endpoint.js';
import { MESSAGING_OPTIONS, type ResolvedMessagingOptions } from './messaging-options.js';
import { MessagingMetrics } from './messaging-metrics.js';
import { PrivateQueue } from './private-queue.js';
import { Publisher } from './publisher.js';
import { RpcClient } from './rpc/rpc-client.js';
import { StreamInbox } from './streams/stream-inbox.js';
import { BUNDLES } from './streams/stream-item.js';
import { StreamPost } from './streams/stream-post.js';
import { declareExchanges } from './topology.js';
import { unavailable } from './unavailable.js';

const SUBSCRIBE_TIMEOUT_MS = 5_000;
const CHECK_TIMEOUT_MS = 2_000;
/** AMQP reply code. */
const NOT_FOUND = 404;

/**
 * This app's two connections and what lives on them. Publishing has its own, because a broker that slows publishers down
 * stops reading their connection, and acknowledgements must still get through.
 */
@Injectable()
export class BrokerLink implements OnModuleInit, OnApplicationShutdown {
  readonly publisher: Publisher;
  readonly rpc: RpcClient;
  readonly streams = new StreamInbox();
  /** What streams of this process send. */
  readonly post: StreamPost;
  readonly #replyQueue: PrivateQueue;
  readonly #streamQueue: PrivateQueue;
  readonly #signalQueue: PrivateQueue;
  #signals: SignalEndpoint | null = null;
  readonly #publishing: BrokerConnection;
  readonly #consuming: BrokerConnection;
  readonly #consumers: Consumer[] = [];
  #consumingModel: ChannelModel | null = null;
  #waiters: (() => void)[] = [];
  #closing: Promise<void> | null = null;

  constructor(
    @Inject(MESSAGING_OPTIONS) private readonly options: ResolvedMessagingOptions,
    private readonly metrics: MessagingMetrics,
  ) {
    const { app, url, connect, reconnect: backoff } = options;
    this.publisher = new Publisher(options.confirmTimeoutMs, (messageId) => this.rpc.returned(messageId));
    this.post = new StreamPost(this.publisher);
    this.#replyQueue = new PrivateQueue(`parley.${app}.replies`, (message) => this.rpc.receive(message));
    this.#streamQueue = new PrivateQueue(`parley.${app}.streams.${BUNDLES}`, (message) =>
      this.streams.receive(message),
    );
    this.#signalQueue = new PrivateQueue(
      `parley.${app}.signals`,
      (message) => this.#signals?.receive(message),
      () => this.#signals?.names ?? [],
    );
    this.rpc = new RpcClient({
      publisher: this.publisher,
      metrics,
      replyQueue: () => this.#replyQueue.name,
      maxInFlight: options.maxRequestsInFlight,
    });
    const onChange = () => this.#changed();
    this.#publishing = new BrokerConnection({
      ...{ name: `${app} publishing`, url, connect, backoff, onChange },
      onOpen: (model) => this.publisher.open(model),
      onLost: () => this.publisher.lost(),
    });
    this.#consuming = new BrokerConnection({
      ...{ name: `${app} consuming`, url, connect, backoff, onChange },
      onOpen: (model) => this.#openConsuming(model),
      onLost: () => this.#lostConsuming(),
    });
  }

  get isConnected(): boolean {
    return this.#publishing.isUsable && this.#consuming.isUsable;
  }

  /** This process's queue for stream items; null while there is no connection. */
  get streamAddress(): string | null {
    return this.#streamQueue.name;
  }

  /** Starts connecting; whether that succeeds is for readiness to tell. */
  onModuleInit(): void {
    this.metrics.setConnected(false);
    this.#publishing.start();
    this.#consuming.start();
  }

  onApplicationShutdown(): Promise<void> {
    return this.close();
  }

  /** @throws DomainError `service_unavailable` when the broker cannot be reached within `timeoutMs`. */
  async whenConnected(timeoutMs: number): Promise<void> {
    if (this.isConnected) return;
    const connected = new Promise<void>((resolve) => this.#waiters.push(resolve));
    await within(timeoutMs, connected).catch((error: unknown) => {
      throw unavailable(undefined, error);
    });
  }

  consume(consumer: Consumer): void {
    this.#consumers.push(consumer);
    if (this.#consumingModel) void consumer.start(this.#consumingModel);
  }

  /** Before the first connection: the queue for signals is bound when a connection opens. */
  takeSignals(endpoint: SignalEndpoint): void {
    this.#signals = endpoint;
    if (this.#consumingModel) void this.#signalQueue.open(this.#consumingModel);
  }

  /**
   * Messages that wait in a queue, without those that a consumer holds; a queue that does not exist has none.
   * @throws DomainError `service_unavailable`
   */
  async queueLength(queue: string): Promise<number> {
    if (!this.#consumingModel) throw unavailable();
    try {
      return await within(CHECK_TIMEOUT_MS, messagesIn(queue, this.#consumingModel));
    } catch (error) {
      throw unavailable(undefined, error);
    }
  }

  /** Stops taking messages and waits for the handlers in flight; replies and publishing go on. */
  async drain(): Promise<void> {
    await Promise.all(this.#consumers.splice(0).map((consumer) => consumer.drain(this.options.drainTimeoutMs)));
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    await this.drain();
    await within(this.options.confirmTimeoutMs, this.publisher.flush()).catch(() => undefined);
    await Promise.all([this.#consuming.close(), this.#publishing.close()]);
  }

  async #openConsuming(model: ChannelModel): Promise<void> {
    const channel = await model.createChannel();
    await declareExchanges(channel);
    await channel.close();
    await this.#replyQueue.open(model);
    await this.#streamQueue.open(model);
    if (this.#signals) await this.#signalQueue.open(model);
    this.#consumingModel = model;
    // A queue that cannot be declared must not keep the others from working.
    const subscribing = Promise.all(this.#consumers.map((consumer) => consumer.start(model)));
    await within(SUBSCRIBE_TIMEOUT_MS, subscribing).catch(() => undefined);
  }

  #lostConsuming(): void {
    this.#consumingModel = null;
    this.#replyQueue.lost();
    this.#streamQueue.lost();
    this.#signalQueue.lost();
    this.rpc.lost();
    this.streams.lost();
    for (const consumer of this.#consumers) consumer.lost();
  }

  #changed(): void {
    this.metrics.setConnected(this.isConnected);
    if (!this.isConnected) return;
    for (const resolve of this.#waiters.splice(0)) resolve();
  }
}

async function messagesIn(queue: string, model: ChannelModel): Promise<number> {
  const channel = await model.createChannel();
  channel.on('error', () => undefined);
  try {
    return (await channel.checkQueue(queue)).messageCount;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === NOT_FOUND) return 0;
    throw error;
  } finally {
    void closeQuietly(channel);
  }
}
