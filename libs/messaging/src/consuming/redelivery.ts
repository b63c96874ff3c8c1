import { Logger } from '@nestjs/common';
import { type ConsumeMessage } from 'amqplib';
import { v7 as uuidv7 } from 'uuid';
import { pause } from '../connection/deadline.js';
import { type Envelope, readBody, toProperties } from '../envelope.js';
import { type StoredCommand } from '../outbox/stored-command.js';
import { type Publisher } from '../publisher.js';
import { DEAD_LETTERS_EXCHANGE, DIRECT_EXCHANGE } from '../topology.js';

/** Longest delay spent holding the message, where no outbox can keep it. */
const MAX_HELD_MS = 10_000;

export type ScheduleRetry = (command: StoredCommand, dueAt: Date) => Promise<void>;

export interface RedeliveryOptions {
  queue: string;
  wireName: string;
  publisher: Publisher;
  /** Through the outbox; without one the message waits in this process and goes back to its queue. */
  scheduleRetry?: ScheduleRetry | undefined;
}

/**
 * What is not handled now: kept for later or set aside. Both end in a new message that is stored or confirmed before the
 * old one is acknowledged, so that attempts are counted on every broker and requeueing does not burn the delivery limit.
 */
export class Redelivery {
  readonly #logger = new Logger('Messaging');

  constructor(private readonly options: RedeliveryOptions) {}

  async retry(message: ConsumeMessage, envelope: Envelope, delayMs: number, signal: AbortSignal): Promise<void> {
    const { queue, wireName, publisher, scheduleRetry } = this.options;
    const attempt = envelope.attempt + 1;
    if (scheduleRetry) {
      const { messageId, tenant, requestId, traceparent } = envelope;
      const command = {
        messageId,
        name: wireName,
        payload: readBody(message),
        tenant,
        requestId,
        traceparent,
        attempt,
      };
      return scheduleRetry(command, new Date(Date.now() + delayMs));
    }
    await pause(Math.min(delayMs, MAX_HELD_MS), signal);
    const properties = { ...toProperties({ ...envelope, attempt }), persistent: true, mandatory: true };
    return publisher.confirmed({ exchange: DIRECT_EXCHANGE, routingKey: queue, body: message.content, properties });
  }

  async deadLetter(message: ConsumeMessage, envelope: Envelope | null, code: string): Promise<void> {
    const { queue, wireName, publisher } = this.options;
    const { headers, messageId = uuidv7() } = envelope ? toProperties(envelope) : { headers: {} };
    const reason = { 'x-dead-letter-code': code, 'x-original-queue': queue, 'x-wire-name': wireName };
    const properties = { messageId, headers: { ...headers, ...reason }, persistent: true, mandatory: true };
    await publisher.confirmed({
      exchange: DEAD_LETTERS_EXCHANGE,
      routingKey: queue,
      body: message.content,
      properties,
    });
    this.#logger.warn(`${queue}: dead-lettered ${messageId} as ${code}`);
  }
}
