import { Logger } from '@nestjs/common';
import { type ConsumeMessage } from 'amqplib';
import { DomainError, serializeError } from '@parley/contracts';
import { type Tracing } from '@parley/observability';
import { type Envelope, readBody, readEnvelope } from '../envelope.js';
import { type MessagingMetrics } from '../messaging-metrics.js';
import { validPayload } from '../payload-validation.js';
import { type Publisher } from '../publisher.js';
import { type RpcAnswer } from '../rpc/rpc-client.js';
import { DIRECT_EXCHANGE } from '../topology.js';
import { unavailable } from '../unavailable.js';
import { type Settlement } from './consumer.js';
import { runUntil } from './handler-time.js';
import { type RpcHandler } from './message-handler.js';
import { contextOf, inScopeOf } from './message-scope.js';

/** Answers the requests that come in through the queue of a service. */
export class RpcEndpoint {
  readonly #logger = new Logger('Messaging');

  constructor(
    private readonly handlers: ReadonlyMap<string, RpcHandler>,
    private readonly publisher: Publisher,
    private readonly metrics: MessagingMetrics,
    private readonly tracing: Tracing,
  ) {}

  async handle(message: ConsumeMessage, controller: AbortController): Promise<Settlement> {
    const name = message.fields.routingKey;
    const handler = this.handlers.get(name);
    const stop = this.metrics.startHandling(handler ? name : 'unknown');
    try {
      const envelope = readEnvelope(message);
      if (envelope.deadline && envelope.deadline.getTime() <= Date.now()) {
        stop('expired');
        return 'ack';
      }
      // While instances of two versions share the queue, one may get what only the other knows.
      if (!handler) throw unavailable(`${name} is not handled by this instance.`);
      const reply = await inScopeOf(this.tracing, { definition: handler.definition, envelope }, () =>
        answer(handler, message, envelope, controller),
      );
      this.#reply(message, { reply });
      stop('ok');
    } catch (error) {
      if (!(error instanceof DomainError))
        this.#logger.error(`${name} failed`, error instanceof Error ? error.stack : error);
      const failure = serializeError(error);
      this.#reply(message, { error: failure });
      stop(failure.code);
    }
    return 'ack';
  }

  /** A reply that cannot be sent is the caller's timeout. */
  #reply(message: ConsumeMessage, body: RpcAnswer): void {
    const { replyTo, correlationId } = message.properties;
    if (typeof replyTo !== 'string') return;
    try {
      this.publisher.send({ exchange: DIRECT_EXCHANGE, routingKey: replyTo, body, properties: { correlationId } });
    } catch (error) {
      this.#logger.warn(`Could not send a reply: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
}

async function answer(
  { definition, invoke }: RpcHandler,
  message: ConsumeMessage,
  envelope: Envelope,
  controller: AbortController,
): Promise<unknown> {
  const request = await validPayload(definition.request, readBody(message));
  const endsAt = envelope.deadline ?? new Date(Date.now() + definition.timeoutMs);
  return runUntil(endsAt, controller, () => invoke(request, contextOf(envelope, controller.signal)));
}
