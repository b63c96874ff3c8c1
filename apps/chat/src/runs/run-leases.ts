import { Injectable, Logger } from '@nestjs/common';
import { ActiveRuns } from './active-runs.js';
import { runMetrics } from './run-metrics.js';
import { RunsRepository } from './runs.repository.js';

const RENEW_EVERY_MS = 1_500;
/** With a round to notice it, a run whose process died is interrupted within 10 s. */
const STALE_AFTER_MS = 7_000;

/**
 * Keeps the rows of this process's runs alive, and ends those whose process died: such a run is interrupted with the text
 * that was saved, never generated again.
 */
@Injectable()
export class RunLeases {
  readonly #logger = new Logger(RunLeases.name);
  #timer: NodeJS.Timeout | undefined;
  #isStopped = true;
  #round: Promise<void> = Promise.resolve();

  constructor(
    private readonly runs: RunsRepository,
    private readonly active: ActiveRuns,
  ) {}

  start(): void {
    this.#isStopped = false;
    this.#round = this.#goRound();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    await this.#round;
  }

  /** Own runs first: after an outage of the database all of them look dead. */
  async #goRound(): Promise<void> {
    try {
      this.active.stop(await this.runs.renew(this.active.owner, this.active.ids));
      const interrupted = await this.runs.interruptStale(STALE_AFTER_MS);
      if (interrupted === 0) return;
      runMetrics.interrupted(interrupted);
      this.#logger.warn(`Interrupted ${interrupted} runs whose process died`);
    } catch (error) {
      this.#logger.warn(`Leases could not be renewed: ${error instanceof Error ? error.message : String(error)}`);
    } finally {
      if (!this.#isStopped) this.#timer = setTimeout(() => (this.#round = this.#goRound()), RENEW_EVERY_MS);
    }
  }
}
