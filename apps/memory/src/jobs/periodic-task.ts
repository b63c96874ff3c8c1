import { Logger } from '@nestjs/common';

/** What `stop` waits for a turn; what takes longer is cut off with the database connection, and rolled back. */
const STOP_TIMEOUT_MS = 2_000;

/** Work that is done again and again, never beside itself; a failure is logged and the next turn tries again. */
export class PeriodicTask {
  readonly #logger: Logger;
  #timer: NodeJS.Timeout | undefined;
  #turn: Promise<void> = Promise.resolve();
  #isStopped = false;

  constructor(
    name: string,
    private readonly intervalMs: number,
    private readonly work: () => Promise<void>,
  ) {
    this.#logger = new Logger(name);
  }

  start(): void {
    if (this.#isStopped) return;
    this.#timer = setTimeout(() => {
      this.#turn = this.#run().finally(() => this.start());
    }, this.intervalMs).unref();
  }

  /** Waits for the turn that is under way, a little. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    const patience = Promise.withResolvers<void>();
    const timer = setTimeout(patience.resolve, STOP_TIMEOUT_MS);
    await Promise.race([this.#turn, patience.promise]).finally(() => clearTimeout(timer));
  }

  async #run(): Promise<void> {
    try {
      await this.work();
    } catch (error) {
      this.#logger.warn(error instanceof Error ? error.message : String(error));
    }
  }
}
