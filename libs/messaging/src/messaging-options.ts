import { type Backoff } from './connection/backoff.js';
import { type BrokerConnect, connectRabbitMq } from './connection/broker-connect.js';

export const MESSAGING_OPTIONS = Symbol('MESSAGING_OPTIONS');

export interface MessagingOptions {
  /** The owner part of the wire names this app handles, such as `memory`. */
  app: string;
  /** amqp://… or amqps://… */
  url: string;
  /** Default: a real RabbitMQ. */
  connect?: BrokerConnect;
  /** The schema whose `outbox` table this app owns; without one it sends no commands. */
  outbox?: { schema: string } | undefined;
  /** Requests answered at a time; default 64. */
  rpcConcurrency?: number;
  /** Own requests waiting for an answer; default 1,000. */
  maxRequestsInFlight?: number;
  /** What handlers get to finish when the app stops; default 20 s. */
  drainTimeoutMs?: number;
  /** Default 5 s. */
  confirmTimeoutMs?: number;
  /** Deliveries of a message that kills its consumers, before the broker sets it aside; part of the queue, so never change it lightly. Default 5. */
  deliveryLimit?: number;
  /** What the broker gets to answer a subscriber; a queue that does not answer twice has lost its leader. Default 10 s. */
  subscribeTimeoutMs?: number;
  /** Default 200 ms to 10 s. */
  reconnect?: Backoff;
  /** Default 200 ms. */
  outboxPollMs?: number;
}

export type ResolvedMessagingOptions = Required<Omit<MessagingOptions, 'outbox'>> & Pick<MessagingOptions, 'outbox'>;

export function withDefaults(options: MessagingOptions): ResolvedMessagingOptions {
  return {
    app: options.app,
    url: options.url,
    outbox: options.outbox,
    connect: options.connect ?? connectRabbitMq,
    rpcConcurrency: options.rpcConcurrency ?? 64,
    maxRequestsInFlight: options.maxRequestsInFlight ?? 1_000,
    drainTimeoutMs: options.drainTimeoutMs ?? 20_000,
    confirmTimeoutMs: options.confirmTimeoutMs ?? 5_000,
    deliveryLimit: options.deliveryLimit ?? 5,
    subscribeTimeoutMs: options.subscribeTimeoutMs ?? 10_000,
    reconnect: options.reconnect ?? { baseMs: 200, maxMs: 10_000 },
    outboxPollMs: options.outboxPollMs ?? 200,
  };
}
