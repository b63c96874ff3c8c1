import { setTimeout as delay } from 'node:timers/promises';

export interface EventuallyOptions {
  /** Default 60,000: only a failure takes that long, and a busy machine may. */
  timeoutMs?: number;
  /** Pause between two tries; default 25. */
  intervalMs?: number;
}

/**
 * Repeats a check until it neither throws nor rejects, and returns its result. The last failure is thrown, with the
 * time that was given in its message, once the time is over.
 *
 * @example await eventually(async () => expect((await repository.list()).length).toBe(1));
 */
export async function eventually<Result>(
  check: () => Result | Promise<Result>,
  { timeoutMs = 60_000, intervalMs = 25 }: EventuallyOptions = {},
): Promise<Result> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (Date.now() + intervalMs > deadline) throw withPatience(error, timeoutMs);
    }
    await delay(intervalMs);
  }
}

function withPatience(error: unknown, timeoutMs: number): unknown {
  if (error instanceof Error) error.message = `not within ${timeoutMs} ms: ${error.message}`;
  return error;
}
