import { deserializeError } from '@parley/contracts';
import { type RunEventItem } from './run-listener.js';
import { type Run } from './run.client.js';

const HOLD_MS = 1_000;

/**
 * Waits a moment for the first event, before anything is sent: a run that fails at once, because a knowledge base does not
 * exist or the provider refuses, is then answered with a status and not inside a stream that says 200. Costs nothing
 * otherwise, because before the first event there is nothing to send.
 * @throws DomainError with the run's failure
 */
export async function settledStart(run: Run, holdMs = HOLD_MS): Promise<Run> {
  const iterator = run.events[Symbol.asyncIterator]();
  const first = iterator.next();
  first.catch(() => undefined);
  const started = await withinHold(first, holdMs);
  if (started && !started.done && started.value.data.type === 'failed') {
    await iterator.return?.();
    throw deserializeError(started.value.data.error);
  }
  return { ...run, events: continued(first, iterator) };
}

async function withinHold<T>(first: Promise<T>, holdMs: number): Promise<T | null> {
  let timer: NodeJS.Timeout | undefined;
  const patience = new Promise<null>((resolve) => {
    timer = setTimeout(() => resolve(null), holdMs);
  });
  return Promise.race([first, patience]).finally(() => clearTimeout(timer));
}

async function* continued(
  first: Promise<IteratorResult<RunEventItem>>,
  iterator: AsyncIterator<RunEventItem>,
): AsyncGenerator<RunEventItem> {
  try {
    for (let result = await first; !result.done; result = await iterator.next()) yield result.value;
  } finally {
    await iterator.return?.();
  }
}
