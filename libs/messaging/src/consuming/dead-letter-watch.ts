import { Logger } from '@nestjs/common';
import { gauge } from '@parley/observability';
import { deadLetterQueue } from '../topology.js';

const INTERVAL_MS = 15_000;

/** For whatever keeps dead letters to report them under its name. */
export const deadLetters = gauge(
  'parley_dead_letters',
  'Messages and ingestion jobs that were given up and wait for somebody; all replicas of an app tell the same',
  ['queue'],
);

/** Counts, again and again, what lies in the dead-letter queues of the queues that an app consumes. */
export class DeadLetterWatch {
  readonly #logger = new Logger('Messaging');
  #timer: NodeJS.Timeout | undefined;
  #isMeasuring = false;

  constructor(
    private readonly queues: readonly string[],
    private readonly count: (queue: string) => Promise<number>,
  ) {}

  start(): void {
    if (this.queues.length === 0) return;
    this.#timer = setInterval(() => void this.measure(), INTERVAL_MS).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Never rejects: while the broker is away the last figures stand. */
  async measure(): Promise<void> {
    if (this.#isMeasuring) return;
    this.#isMeasuring = true;
    try {
      for (const queue of this.queues) {
        const dead = deadLetterQueue(queue);
        deadLetters.set({ queue: dead }, await this.count(dead));
      }
    } catch (error) {
      this.#logger.debug(
        `Dead letters could not be counted: ${error instanceof Error ? error.message : String(error)}`,
      );
    } finally {
      this.#isMeasuring = false;
    }
  }
}
