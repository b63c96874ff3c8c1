import { type ConsumeMessage } from 'amqplib';
import {
  deserializeError,
  DomainError,
  ownerOf,
  type RpcDefinition,
  type SerializedError,
  type TenantContext,
} from '@parley/contracts';
import { traced } from '@parley/observability';
import { v7 as uuidv7 } from 'uuid';
import { ambientIds, readBody, toProperties } from '../envelope.js';
import { type MessagingMetrics } from '../messaging-metrics.js';
import { type Publisher } from '../publisher.js';
import { rpcAttributes } from '../span-attributes.js';
import { RPC_EXCHANGE } from '../topology.js';
import { unavailable } from '../unavailable.js';

export interface RequestOptions {
  /** Default: the definition's. */
  timeoutMs?: number | undefined;
  /** Aborting stops the waiting, not the handler; the promise then rejects with the signal's reason. */
  signal?: AbortSignal | undefined;
}

export type RpcAnswer = { reply: unknown } | { error: SerializedError };

interface Pending {
  owner: string;
  resolve(reply: unknown): void;
  reject(error: unknown): void;
}

export interface RpcClientOptions {
  publisher: Publisher;
  metrics: MessagingMetrics;
  /** Where answers come in; null while there is no connection. */
  replyQueue(): string | null;
  maxInFlight: number;
}

/** Questions to other services, each bounded by its deadline. */
export class RpcClient {
  readonly #pending = new Map<string, Pending>();

  constructor(private readonly options: RpcClientOptions) {}

  async request<Request extends object, Reply>(
    definition: RpcDefinition<Request, Reply>,
    request: Request,
    tenant: TenantContext,
    options: RequestOptions = {},
  ): Promise<Reply> {
    const stop = this.options.metrics.startRequest(definition.name);
    try {
      const reply = await traced(definition.name, { kind: 'client' }, (span) => {
        span?.set(rpcAttributes(definition.name));
        return this.#ask(definition, request, tenant, options);
      });
      stop('ok');
      return reply as Reply;
    } catch (error) {
      stop(error instanceof DomainError ? error.code : 'aborted');
      throw error;
    }
  }

  receive(message: ConsumeMessage): void {
    const pending = this.#pending.get(String(message.properties.correlationId));
    if (!pending) return;
    const answer = readBody(message) as RpcAnswer;
    if ('error' in answer) pending.reject(deserializeError(answer.error));
    else pending.resolve(answer.reply);
  }

  returned(messageId: string): void {
    const pending = this.#pending.get(messageId);
    pending?.reject(unavailable(`No instance of ${pending.owner} is running.`));
  }

  /** The answers to what is pending would go to a queue that no longer exists. */
  lost(): void {
    for (const pending of this.#pending.values()) pending.reject(unavailable());
  }

  async #ask(
    definition: RpcDefinition<object, unknown>,
    request: object,
    tenant: TenantContext,
    { timeoutMs = definition.timeoutMs, signal }: RequestOptions,
  ): Promise<unknown> {
    signal?.throwIfAborted();
    const replyTo = this.options.replyQueue();
    if (!replyTo) throw unavailable();
    if (this.#pending.size >= this.options.maxInFlight) throw unavailable('Too many requests are in flight.');
    const messageId = uuidv7();
    const owner = ownerOf(definition);
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    const onAbort = () => reject(signal?.reason);
    const timer = setTimeout(() => reject(new DomainError('timeout', `${owner} did not answer in time.`)), timeoutMs);
    signal?.addEventListener('abort', onAbort);
    this.#pending.set(messageId, { owner, resolve, reject });
    try {
      const envelope = { tenant, messageId, ...ambientIds(), deadline: new Date(Date.now() + timeoutMs) };
      const properties = { ...toProperties(envelope), correlationId: messageId, replyTo, mandatory: true };
      this.options.publisher.send({ exchange: RPC_EXCHANGE, routingKey: definition.name, body: request, properties });
      return await promise;
    } finally {
      this.#pending.delete(messageId);
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
    }
  }
}
