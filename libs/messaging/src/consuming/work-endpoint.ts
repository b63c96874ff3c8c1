import { Logger } from '@nestjs/common';
import { type ConsumeMessage } from 'amqplib';
import { DomainError } from '@parley/contracts';
import { type Tracing } from '@parley/observability';
import { backoffMs } from '../connection/backoff.js';
import { pause } from '../connection/deadline.js';
import { type Envelope, readBody, readEnvelope } from '../envelope.js';
import { type MessagingMetrics } from '../messaging-metrics.js';
import { deadLetter, type Outcome, retry } from '../outcome.js';
import { validPayload } from '../payload-validation.js';
import { type Settlement } from './consumer.js';
import { runUntil } from './handler-time.js';
import { type WorkHandler } from './message-handler.js';
import { contextOf, inScopeOf } from './message-scope.js';
import { type Redelivery } from './redelivery.js';

const AFTER_THROWING = { baseMs: 1_000, maxMs: 60_000 };
const BEFORE_REQUEUE_MS = 1_000;

/** Runs the handler of one queue of commands or events and does with each message what the handler's outcome says. */
export class WorkEndpoint {
  readonly #logger = new Logger('Messaging');

  constructor(
    private readonly handler: WorkHandler,
    private readonly redelivery: Redelivery,
    private readonly metrics: MessagingMetrics,
    private readonly tracing: Tracing,
  ) {}

  async handle(message: ConsumeMessage, controller: AbortController): Promise<Settlement> {
    const stop = this.metrics.startHandling(this.handler.definition.name);
    const envelope = this.#envelope(message);
    const outcome = envelope ? await this.#outcome(message, envelope, controller) : deadLetter('invalid_message');
    try {
      await this.#apply(outcome, message, envelope, controller.signal);
      stop(outcome.kind);
      return 'ack';
    } catch (error) {
      this.#logger.warn(`${this.handler.definition.name}: ${outcome.kind} failed: ${messageOf(error)}`);
      await pause(BEFORE_REQUEUE_MS, controller.signal);
      stop('requeue');
      return 'requeue';
    }
  }

  #envelope(message: ConsumeMessage): Envelope | null {
    try {
      return readEnvelope(message);
    } catch (error) {
      this.#logger.warn(`${this.handler.definition.name}: ${messageOf(error)}`);
      return null;
    }
  }

  async #outcome(message: ConsumeMessage, envelope: Envelope, controller: AbortController): Promise<Outcome> {
    const { definition, options, invoke } = this.handler;
    try {
      return limited(
        await inScopeOf(this.tracing, { definition, envelope }, async () => {
          const payload = await this.#payload(message);
          if (!payload) return deadLetter('invalid_message');
          const endsAt = new Date(Date.now() + options.timeoutMs);
          const context = contextOf(envelope, controller.signal);
          return (await runUntil(endsAt, controller, () => invoke(payload, context))) as Outcome;
        }),
        envelope.attempt,
        options.maxAttempts,
      );
    } catch (error) {
      this.#logger.error(`${definition.name} failed`, error instanceof Error ? error.stack : String(error));
      const delayMs = backoffMs(envelope.attempt, AFTER_THROWING);
      return limited(retry({ delayMs }), envelope.attempt, options.maxAttempts);
    }
  }

  async #payload(message: ConsumeMessage): Promise<object | null> {
    try {
      return await validPayload(this.handler.definition.payload, readBody(message));
    } catch (error) {
      if (!(error instanceof DomainError)) throw error;
      this.#logger.warn(`${this.handler.definition.name}: ${error.param ?? 'body'}: ${error.message}`);
      return null;
    }
  }

  async #apply(
    outcome: Outcome,
    message: ConsumeMessage,
    envelope: Envelope | null,
    signal: AbortSignal,
  ): Promise<void> {
    if (outcome.kind === 'retry' && envelope) await this.redelivery.retry(message, envelope, outcome.delayMs, signal);
    if (outcome.kind === 'dead_letter') await this.redelivery.deadLetter(message, envelope, outcome.code);
  }
}

function limited(outcome: Outcome, attempt: number, maxAttempts: number): Outcome {
  return outcome.kind === 'retry' && attempt >= maxAttempts ? deadLetter('retries_exhausted') : outcome;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
