import { Logger, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import { type Tracing } from '@parley/observability';
import { type Database } from '@parley/persistence';
import { v7 as uuidv7 } from 'uuid';
import { backoffMs } from '../connection/backoff.js';
import { pause, within } from '../connection/deadline.js';
import { type MessageBus } from '../message-bus.js';
import { type MessagingMetrics } from '../messaging-metrics.js';
import { messagingAttributes } from '../span-attributes.js';
import { type ClaimedCommand, type OutboxRepository } from './outbox.repository.js';

const BATCH_SIZE = 100;
const LEASE_MS = 30_000;
const SEND_BACKOFF = { baseMs: 500, maxMs: 30_000 };
const AFTER_ERROR_MS = 1_000;
const STOP_TIMEOUT_MS = 5_000;
const STATISTICS_EVERY_MS = 5_000;
const KEEP_SENT_MS = 3_600_000;
const PRUNE_BATCH_SIZE = 1_000;

export interface OutboxRelayOptions {
  database: Database;
  repository: OutboxRepository;
  bus: MessageBus;
  metrics: MessagingMetrics;
  pollMs: number;
  tracing: Tracing;
}

interface Sending {
  command: ClaimedCommand;
  error: string | null;
}

/**
 * Sends what is in the outbox, until the broker has confirmed it. Any number of relays may work on one table; a relay that
 * dies leaves leases that end, so a command can be sent twice but never not at all.
 */
export class OutboxRelay implements OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly #logger = new Logger('Outbox');
  readonly #stop = new AbortController();
  #poked = new AbortController();
  #running: Promise<void> = Promise.resolve();
  #statisticsDueAt = 0;

  constructor(private readonly options: OutboxRelayOptions) {}

  onApplicationBootstrap(): void {
    this.#running = this.#run();
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.#stop.abort();
    this.poke();
    await within(STOP_TIMEOUT_MS, this.#running).catch(() => undefined);
  }

  /** A hint that something was just committed: look now instead of at the next poll. */
  poke(): void {
    this.#poked.abort();
  }

  async #run(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      const waitMs = await this.#turn();
      await pause(waitMs, this.#poked.signal);
      this.#poked = new AbortController();
    }
  }

  /** @returns how long to wait before the next turn */
  async #turn(): Promise<number> {
    try {
      await this.#keepHouse();
      if (!this.options.bus.isConnected) return this.options.pollMs;
      const sent = await this.#sendDue();
      return sent === BATCH_SIZE ? 0 : this.options.pollMs;
    } catch (error) {
      this.#logger.warn(`The outbox could not be worked on: ${messageOf(error)}`);
      return AFTER_ERROR_MS;
    }
  }

  async #sendDue(): Promise<number> {
    const { database, repository } = this.options;
    const token = uuidv7();
    const lease = { token, durationMs: LEASE_MS, limit: BATCH_SIZE };
    const commands = await database.withoutTenant((tx) => repository.claim(tx, lease));
    if (commands.length === 0) return 0;
    const results = await Promise.all(commands.map((command) => this.#send(command)));
    const sent = results.filter(({ error }) => error === null).map(({ command }) => command.messageId);
    await database.withoutTenant(async (tx) => {
      if (sent.length > 0) await repository.markSent(tx, token, sent);
      for (const { command, error } of results) {
        if (error === null) continue;
        const dueAt = new Date(Date.now() + backoffMs(command.failures + 1, SEND_BACKOFF));
        await repository.markFailed(tx, token, command.messageId, { error, dueAt });
      }
    });
    return commands.length;
  }

  async #send(command: ClaimedCommand): Promise<Sending> {
    try {
      const { name, requestId, traceparent } = command;
      const scope = { requestId, traceparent, tenantId: command.tenant.tenantId };
      const span = { kind: 'producer', onlyContinues: true, attributes: messagingAttributes('send', name) } as const;
      await this.options.tracing.run(scope, `send ${name}`, span, () => this.options.bus.publishStored(command));
      return { command, error: null };
    } catch (error) {
      this.#logger.warn(`${command.name} ${command.messageId} was not sent: ${messageOf(error)}`);
      return { command, error: messageOf(error) };
    }
  }

  async #keepHouse(): Promise<void> {
    if (Date.now() < this.#statisticsDueAt) return;
    this.#statisticsDueAt = Date.now() + STATISTICS_EVERY_MS;
    const { database, repository, metrics } = this.options;
    await database.withoutTenant(async (tx) => {
      await repository.prune(tx, new Date(Date.now() - KEEP_SENT_MS), PRUNE_BATCH_SIZE);
      metrics.setOutbox(await repository.statistics(tx));
    });
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
