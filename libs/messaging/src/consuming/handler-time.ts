import { DomainError } from '@parley/contracts';

/** Between the abort of a handler and giving up on it. */
const GRACE_MS = 2_000;

/**
 * Runs a handler until `endsAt`; then aborts it. A handler that ignores its signal, whoever aborted it, is given up soon after.
 * @throws what the handler throws, or the reason of the abort, which is DomainError `timeout` at `endsAt`
 */
export async function runUntil<T>(endsAt: Date, controller: AbortController, work: () => Promise<T>): Promise<T> {
  const { signal } = controller;
  const { promise: givenUp, reject } = Promise.withResolvers<never>();
  let grace: NodeJS.Timeout | undefined;
  const onAbort = () => (grace = setTimeout(() => reject(signal.reason), GRACE_MS));
  const overdue = () => controller.abort(new DomainError('timeout', 'The handler took too long.'));
  const timer = setTimeout(overdue, Math.max(0, endsAt.getTime() - Date.now()));
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([work(), givenUp]);
  } finally {
    clearTimeout(timer);
    clearTimeout(grace);
    signal.removeEventListener('abort', onAbort);
  }
}
