import { type Channel, type Options } from 'amqplib';

export const RPC_EXCHANGE = 'parley.rpc';
export const COMMANDS_EXCHANGE = 'parley.commands';
export const EVENTS_EXCHANGE = 'parley.events';
/** Reaches one queue by its name. The default exchange is never used: on the embedded broker a missing queue there kills the channel. */
export const DIRECT_EXCHANGE = 'parley.direct';
/** Reaches every instance of a service that is connected. */
export const SIGNALS_EXCHANGE = 'parley.signals';
export const DEAD_LETTERS_EXCHANGE = 'parley.dead-letters';

const EXCHANGES = {
  [RPC_EXCHANGE]: 'direct',
  [COMMANDS_EXCHANGE]: 'direct',
  [EVENTS_EXCHANGE]: 'topic',
  [DIRECT_EXCHANGE]: 'direct',
  // The embedded broker's direct exchange gives a message to one of several queues.
  [SIGNALS_EXCHANGE]: 'topic',
  [DEAD_LETTERS_EXCHANGE]: 'direct',
};

const MAX_WAITING_REQUESTS = 10_000;
const MAX_WAITING_MESSAGES = 100_000;
const UNUSED_RPC_QUEUE_EXPIRES_MS = 60_000;

export function rpcQueue(owner: string): string {
  return `parley.${owner}.rpc`;
}

export function commandQueue(wireName: string): string {
  return `parley.${wireName}`;
}

/** Replicas of a subscribing app share one queue. */
export function eventQueue(subscriber: string, wireName: string): string {
  return `parley.${subscriber}.on.${wireName}`;
}

export function deadLetterQueue(queue: string): string {
  return `${queue}.dead`;
}

export async function declareExchanges(channel: Channel): Promise<void> {
  for (const [name, type] of Object.entries(EXCHANGES)) {
    await channel.assertExchange(name, type, { durable: true, autoDelete: false });
  }
}

/** Gone with the owner's last instance, so that callers learn at once that nobody is there. */
export async function declareRpcQueue(channel: Channel, owner: string, wireNames: readonly string[]): Promise<void> {
  const queue = rpcQueue(owner);
  await channel.assertQueue(queue, {
    durable: true,
    autoDelete: true,
    expires: UNUSED_RPC_QUEUE_EXPIRES_MS,
    maxLength: MAX_WAITING_REQUESTS,
  });
  for (const name of wireNames) await channel.bindQueue(queue, RPC_EXCHANGE, name);
}

export interface WorkQueue {
  queue: string;
  exchange: typeof COMMANDS_EXCHANGE | typeof EVENTS_EXCHANGE;
  wireName: string;
  /** Deliveries after which the broker itself dead-letters a message, because it kills its consumers. */
  deliveryLimit: number;
}

/** A replicated queue of messages that must not be lost, and the queue of those that nobody could handle. */
export async function declareWorkQueue(channel: Channel, work: WorkQueue): Promise<void> {
  const dead = deadLetterQueue(work.queue);
  await channel.assertQueue(dead, { ...durable({}), maxLength: MAX_WAITING_MESSAGES });
  await channel.bindQueue(dead, DEAD_LETTERS_EXCHANGE, work.queue);
  await channel.assertQueue(work.queue, {
    ...durable({ 'x-delivery-limit': work.deliveryLimit }),
    deadLetterExchange: DEAD_LETTERS_EXCHANGE,
    deadLetterRoutingKey: work.queue,
    maxLength: MAX_WAITING_MESSAGES,
    overflow: 'reject-publish',
  });
  await channel.bindQueue(work.queue, work.exchange, work.wireName);
  await channel.bindQueue(work.queue, DIRECT_EXCHANGE, work.queue);
}

function durable(limits: Record<string, number>): Options.AssertQueue {
  return { durable: true, autoDelete: false, arguments: { 'x-queue-type': 'quorum', ...limits } };
}
