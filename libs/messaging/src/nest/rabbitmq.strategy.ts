import { Inject, Injectable, Optional } from '@nestjs/common';
import { type CustomTransportStrategy, type MessageHandler, Server } from '@nestjs/microservices';
import { EVERY_APP, type MessageDefinition, ownerOf } from '@parley/contracts';
import { Tracing } from '@parley/observability';
import { isObservable, lastValueFrom } from 'rxjs';
import { BrokerLink } from '../broker-link.js';
import { Consumer } from '../consuming/consumer.js';
import { DeadLetterWatch } from '../consuming/dead-letter-watch.js';
import { removeLeaderlessQueue } from '../consuming/leaderless-queue.js';
import {
  type RpcHandler,
  type SignalHandler,
  withWorkDefaults,
  type WorkHandler,
} from '../consuming/message-handler.js';
import { Redelivery, type ScheduleRetry } from '../consuming/redelivery.js';
import { RpcEndpoint } from '../consuming/rpc-endpoint.js';
import { SignalEndpoint } from '../consuming/signal-endpoint.js';
import { WorkEndpoint } from '../consuming/work-endpoint.js';
import { type MessageContext } from '../message-context.js';
import { MESSAGING_OPTIONS, type ResolvedMessagingOptions } from '../messaging-options.js';
import { MessagingMetrics } from '../messaging-metrics.js';
import {
  commandQueue,
  COMMANDS_EXCHANGE,
  declareRpcQueue,
  declareWorkQueue,
  eventQueue,
  EVENTS_EXCHANGE,
  rpcQueue,
} from '../topology.js';
import { type HandlerExtras, PARLEY_TRANSPORT } from './handle.decorators.js';

export const SCHEDULE_RETRY = Symbol('SCHEDULE_RETRY');

/** Connects the `@Handle…` methods of an app's controllers to their queues. */
@Injectable()
export class RabbitMqStrategy extends Server implements CustomTransportStrategy {
  override readonly transportId = PARLEY_TRANSPORT;
  readonly #rpcHandlers = new Map<string, RpcHandler>();
  readonly #workHandlers = new Map<string, WorkHandler>();
  readonly #signalHandlers = new Map<string, SignalHandler>();
  #deadLetters: DeadLetterWatch | undefined;

  constructor(
    private readonly link: BrokerLink,
    @Inject(MESSAGING_OPTIONS) private readonly options: ResolvedMessagingOptions,
    private readonly metrics: MessagingMetrics,
    @Optional() @Inject(SCHEDULE_RETRY) private readonly scheduleRetry?: ScheduleRetry,
    @Optional() private readonly tracing: Tracing = Tracing.off,
  ) {
    super();
  }

  /** Called by Nest for every decorated method. @throws TypeError when two methods handle one message, or another app's. */
  override addHandler(
    pattern: string,
    callback: MessageHandler,
    _isEvent?: boolean,
    extras?: Record<string, unknown>,
  ): void {
    const { definition, options } = extras as unknown as HandlerExtras;
    if (this.messageHandlers.has(pattern)) throw new TypeError(`Two handlers for ${pattern}.`);
    this.messageHandlers.set(pattern, callback);
    this.#refuseForeign(definition);
    const invoke = invoker(callback);
    if (definition.kind === 'rpc') this.#rpcHandlers.set(pattern, { definition, invoke });
    else if (definition.kind === 'signal') this.#signalHandlers.set(pattern, { definition, invoke });
    else this.#workHandlers.set(pattern, { definition, options: withWorkDefaults(options), invoke });
  }

  /** Returns at once: consumers subscribe when the broker is there. */
  listen(callback: () => void): void {
    if (this.#rpcHandlers.size > 0) this.link.consume(this.#rpcConsumer());
    for (const handler of this.#workHandlers.values()) this.link.consume(this.#workConsumer(handler));
    if (this.#signalHandlers.size > 0) this.link.takeSignals(new SignalEndpoint(this.#signalHandlers, this.tracing));
    const queues = [...this.#workHandlers.values()].map(({ definition }) => this.#queueOf(definition));
    this.#deadLetters = new DeadLetterWatch(queues, (queue) => this.link.queueLength(queue));
    this.#deadLetters.start();
    callback();
  }

  /** Drains: what is in flight finishes. Publishing goes on until the app has shut down. */
  close(): Promise<void> {
    this.#deadLetters?.stop();
    return this.link.drain();
  }

  on(): never {
    throw new TypeError('The bus has no transport events; see MessageBus.isConnected.');
  }

  unwrap<T>(): T {
    return this.link as T;
  }

  #refuseForeign(definition: MessageDefinition): void {
    if (definition.kind === 'event' || [this.options.app, EVERY_APP].includes(ownerOf(definition))) return;
    throw new TypeError(`${this.options.app} cannot handle ${definition.name}: it belongs to ${ownerOf(definition)}.`);
  }

  #rpcConsumer(): Consumer {
    const { app, rpcConcurrency, subscribeTimeoutMs } = this.options;
    const endpoint = new RpcEndpoint(this.#rpcHandlers, this.link.publisher, this.metrics, this.tracing);
    return new Consumer({
      queue: rpcQueue(app),
      prefetch: rpcConcurrency,
      concurrency: rpcConcurrency,
      subscribeTimeoutMs,
      declare: (channel) => declareRpcQueue(channel, app, [...this.#rpcHandlers.keys()]),
      handle: (message, controller) => endpoint.handle(message, controller),
    });
  }

  #queueOf({ kind, name }: MessageDefinition): string {
    return kind === 'command' ? commandQueue(name) : eventQueue(this.options.app, name);
  }

  #workConsumer(handler: WorkHandler): Consumer {
    const { kind, name: wireName } = handler.definition;
    const { prefetch, concurrency } = handler.options;
    const { deliveryLimit, subscribeTimeoutMs } = this.options;
    const isCommand = kind === 'command';
    const queue = this.#queueOf(handler.definition);
    const exchange = isCommand ? COMMANDS_EXCHANGE : EVENTS_EXCHANGE;
    const scheduleRetry = isCommand ? this.scheduleRetry : undefined;
    const redelivery = new Redelivery({ queue, wireName, publisher: this.link.publisher, scheduleRetry });
    const endpoint = new WorkEndpoint(handler, redelivery, this.metrics, this.tracing);
    return new Consumer({
      queue,
      prefetch,
      concurrency,
      subscribeTimeoutMs,
      removeLeaderless: isCommand ? (model) => removeLeaderlessQueue(model, queue) : undefined,
      declare: (channel) => declareWorkQueue(channel, { queue, exchange, wireName, deliveryLimit }),
      handle: (message, controller) => endpoint.handle(message, controller),
    });
  }
}

function invoker(callback: MessageHandler): (payload: object, context: MessageContext) => Promise<unknown> {
  return async (payload, context) => {
    const result: unknown = await callback(payload, context);
    return isObservable(result) ? lastValueFrom(result) : result;
  };
}
