import { type BeforeApplicationShutdown, Injectable, Logger } from '@nestjs/common';
import { counter } from '@parley/observability';

export type BackgroundTask = (signal: AbortSignal) => Promise<void>;

const MAX_WAITING = 100;
const MAX_AT_ONCE = 4;
const TIMEOUT_MS = 30_000;
const STOP_TIMEOUT_MS = 1_000;

const tasks = counter('parley_background_tasks_total', 'Titles and summaries made beside the answers', ['outcome']);

/**
 * Work that nobody waits for and that is not missed when it is not done: a few at once, each with a deadline, and no more
 * waiting than can be done soon. What fails is logged and forgotten.
 */
@Injectable()
export class BackgroundWork implements BeforeApplicationShutdown {
  readonly #logger = new Logger(BackgroundWork.name);
  readonly #waiting: { name: string; task: BackgroundTask }[] = [];
  readonly #running = new Set<Promise<void>>();
  readonly #stop = new AbortController();

  /** Does it soon, or not at all. */
  add(name: string, task: BackgroundTask): void {
    if (this.#stop.signal.aborted || this.#waiting.length >= MAX_WAITING) return tasks.inc({ outcome: 'dropped' });
    this.#waiting.push({ name, task });
    this.#startNext();
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.#stop.abort(new Error('The service is stopping.'));
    this.#waiting.length = 0;
    const patience = Promise.withResolvers<void>();
    const timer = setTimeout(patience.resolve, STOP_TIMEOUT_MS);
    await Promise.race([Promise.allSettled(this.#running), patience.promise]).finally(() => clearTimeout(timer));
  }

  #startNext(): void {
    const next = this.#running.size < MAX_AT_ONCE ? this.#waiting.shift() : undefined;
    if (!next) return;
    const running: Promise<void> = this.#run(next.name, next.task).finally(() => {
      this.#running.delete(running);
      this.#startNext();
    });
    this.#running.add(running);
  }

  async #run(name: string, task: BackgroundTask): Promise<void> {
    try {
      await task(AbortSignal.any([this.#stop.signal, AbortSignal.timeout(TIMEOUT_MS)]));
      tasks.inc({ outcome: 'done' });
    } catch (error) {
      tasks.inc({ outcome: 'failed' });
      this.#logger.warn(`${name}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
}
