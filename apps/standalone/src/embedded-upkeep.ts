import { Logger } from '@nestjs/common';
import { tendStaleTables } from './stale-tables.repository.js';

const EVERY_MS = 60_000;

/**
 * What autovacuum does on a server, and nothing does in PGlite: rows that are gone make place, and the planner gets to know the
 * tables. Without it every statement is planned as if they were empty for ever.
 */
export class EmbeddedUpkeep {
  readonly #logger = new Logger('EmbeddedPostgres');
  readonly #timer: NodeJS.Timeout;
  #isRunning = false;
  #isStopped = false;

  constructor(private readonly url: string) {
    this.#timer = setInterval(() => void this.#run(), EVERY_MS).unref();
  }

  /** What is under way ends with the server. */
  stop(): void {
    this.#isStopped = true;
    clearInterval(this.#timer);
  }

  async #run(): Promise<void> {
    if (this.#isRunning) return;
    this.#isRunning = true;
    try {
      await tendStaleTables(this.url);
    } catch (error) {
      if (!this.#isStopped) this.#logger.warn(`Tables could not be looked after: ${String(error)}`);
    } finally {
      this.#isRunning = false;
    }
  }
}
