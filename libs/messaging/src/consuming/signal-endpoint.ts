import { Logger } from '@nestjs/common';
import { type ConsumeMessage } from 'amqplib';
import { type Tracing } from '@parley/observability';
import { readBody, readEnvelope } from '../envelope.js';
import { validPayload } from '../payload-validation.js';
import { type SignalHandler } from './message-handler.js';
import { contextOf, inScopeOf } from './message-scope.js';

const UNSTOPPED = new AbortController().signal;

/** Hands signals to their handlers. Nobody waits for what becomes of one: a failure is logged and forgotten. */
export class SignalEndpoint {
  readonly #logger = new Logger('Messaging');

  constructor(
    private readonly handlers: ReadonlyMap<string, SignalHandler>,
    private readonly tracing: Tracing,
  ) {}

  get names(): Iterable<string> {
    return this.handlers.keys();
  }

  receive(message: ConsumeMessage): void {
    const name = message.fields.routingKey;
    const handler = this.handlers.get(name);
    if (!handler) return;
    this.#handle(handler, message).catch((error: unknown) => {
      this.#logger.warn(`${name} failed: ${error instanceof Error ? error.message : String(error)}`);
    });
  }

  async #handle({ definition, invoke }: SignalHandler, message: ConsumeMessage): Promise<void> {
    const envelope = readEnvelope(message);
    const payload = await validPayload(definition.payload, readBody(message));
    await inScopeOf(
      this.tracing,
      { definition, envelope },
      async () => void (await invoke(payload, contextOf(envelope, UNSTOPPED))),
    );
  }
}
