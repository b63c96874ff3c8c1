import { Injectable } from '@nestjs/common';
import {
  type CommandDefinition,
  type EventDefinition,
  type RpcDefinition,
  type SignalDefinition,
  type TenantContext,
} from '@parley/contracts';
import { traced } from '@parley/observability';
import { v7 as uuidv7 } from 'uuid';
import { BrokerLink } from './broker-link.js';
import { ambientIds, toProperties } from './envelope.js';
import { type StoredCommand } from './outbox/stored-command.js';
import { type RequestOptions } from './rpc/rpc-client.js';
import { messagingAttributes } from './span-attributes.js';
import { type StreamReader, type StreamReaderOptions } from './streams/stream-reader.js';
import { StreamWriter } from './streams/stream-writer.js';
import { commandQueue, COMMANDS_EXCHANGE, EVENTS_EXCHANGE, SIGNALS_EXCHANGE } from './topology.js';
import { unavailable } from './unavailable.js';

/** How the services of Parley talk to each other. */
@Injectable()
export class MessageBus {
  constructor(private readonly link: BrokerLink) {}

  /** For readiness; while false, everything below fails at once. */
  get isConnected(): boolean {
    return this.link.isConnected;
  }

  /** @throws DomainError `service_unavailable` when the broker cannot be reached within `timeoutMs`. */
  whenConnected(timeoutMs: number): Promise<void> {
    return this.link.whenConnected(timeoutMs);
  }

  /**
   * Asks the owner of a message and waits for its reply.
   * @throws DomainError the handler's own; `service_unavailable` when the broker is away or nobody handles the message;
   * `timeout` when the deadline passes, whether or not the handler has run
   */
  request<Request extends object, Reply>(
    definition: RpcDefinition<Request, Reply>,
    request: NoInfer<Request>,
    tenant: TenantContext,
    options?: RequestOptions,
  ): Promise<Reply> {
    if (!this.isConnected) return Promise.reject(unavailable());
    return this.link.rpc.request(definition, request, tenant, options);
  }

  /** Tells a fact to whoever subscribes, if anybody. @throws DomainError `service_unavailable` */
  publishEvent<Payload extends object>(
    definition: EventDefinition<Payload>,
    payload: NoInfer<Payload>,
    tenant: TenantContext,
  ): Promise<void> {
    return this.#sent(definition.name, () => {
      const properties = { ...toProperties({ tenant, messageId: uuidv7(), ...ambientIds() }), persistent: true };
      return this.#confirmed({ exchange: EVENTS_EXCHANGE, routingKey: definition.name, body: payload, properties });
    });
  }

  /**
   * Says something to every instance of the owner that is there now; whoever is away misses it, and nobody is waited for.
   * @throws DomainError `service_unavailable`
   */
  signal<Payload extends object>(
    definition: SignalDefinition<Payload>,
    payload: NoInfer<Payload>,
    tenant: TenantContext,
  ): void {
    const properties = toProperties({ tenant, messageId: uuidv7(), ...ambientIds() });
    this.link.publisher.send({ exchange: SIGNALS_EXCHANGE, routingKey: definition.name, body: payload, properties });
  }

  /**
   * Puts a command into its queue. Services use the outbox instead, which calls this until it succeeds.
   * @throws DomainError `service_unavailable`, also while no instance of the owner has ever declared the queue
   */
  publishCommand<Payload extends object>(
    definition: CommandDefinition<Payload>,
    payload: NoInfer<Payload>,
    tenant: TenantContext,
    { messageId }: { messageId: string },
  ): Promise<void> {
    const { requestId } = ambientIds();
    const { name } = definition;
    return this.#sent(name, () => this.publishStored({ messageId, name, payload, tenant, requestId, attempt: 1 }));
  }

  /** In the scope of what caused it. @throws DomainError `service_unavailable` */
  publishStored(command: StoredCommand): Promise<void> {
    const { traceparent } = ambientIds();
    const properties = { ...toProperties({ ...command, traceparent }), persistent: true, mandatory: true };
    const message = { exchange: COMMANDS_EXCHANGE, routingKey: command.name, body: command.payload, properties };
    return this.#confirmed(message);
  }

  /** How many commands wait, without those being handled. @throws DomainError `service_unavailable` */
  queueLength(definition: CommandDefinition<object>): Promise<number> {
    return this.link.queueLength(commandQueue(definition.name));
  }

  /**
   * This process's address for streams, to be sent with the request that starts one.
   * @throws DomainError `service_unavailable`
   */
  get streamAddress(): string {
    const address = this.link.streamAddress;
    if (!address || !this.isConnected) throw unavailable();
    return address;
  }

  /** Open it before the stream is started: items without a reader are dropped. @throws DomainError `service_unavailable` */
  openStream<T = unknown>(streamId: string, options: StreamReaderOptions): StreamReader<T> {
    if (!this.isConnected) throw unavailable();
    return this.link.streams.open<T>(streamId, options);
  }

  /** @param address the `streamAddress` of the process that reads */
  streamWriter<T = unknown>(address: string, streamId: string): StreamWriter<T> {
    return new StreamWriter<T>(this.link, address, streamId);
  }

  #sent(name: string, send: () => Promise<void>): Promise<void> {
    return traced(`send ${name}`, { kind: 'producer' }, (span) => {
      span?.set(messagingAttributes('send', name));
      return send();
    });
  }

  #confirmed(message: Parameters<BrokerLink['publisher']['confirmed']>[0]): Promise<void> {
    if (!this.isConnected) return Promise.reject(unavailable());
    return this.link.publisher.confirmed(message);
  }
}
