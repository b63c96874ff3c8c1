import { type Lease, LeaseLostError } from '@parley/knowledge';

/** How soon a worker notices that its job was cancelled; a read, while a heartbeat is a write. */
const CHECK_INTERVAL_MS = 1_000;

/** What leases are granted by. */
export interface LeaseLedger<L> {
  heartbeat(lease: L): Promise<void>;
  holds(lease: L): Promise<boolean>;
}

/**
 * Renews a lease while work goes on. The work's signal is aborted when the lease is lost or `signal` is; a heartbeat that
 * fails for another reason is tried again with the next one, as long as the lease lasts.
 * @throws what says that the lease is lost, or whatever the work throws
 */
export async function holdLease<T, L extends { leaseMs: number } = Lease>(
  ledger: LeaseLedger<L>,
  lease: L,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
  Lost = LeaseLostError as unknown as new (lease: L) => Error,
): Promise<T> {
  const lost = new AbortController();
  const check = leaseCheck(ledger, lease, { lost, Lost });
  const timer = setInterval(() => void check(), Math.min(CHECK_INTERVAL_MS, lease.leaseMs / 3));
  try {
    return await work(AbortSignal.any([signal, lost.signal]));
  } catch (error) {
    throw lost.signal.aborted ? lost.signal.reason : error;
  } finally {
    clearInterval(timer);
  }
}

/** Looks whether the lease is still there and renews it every third of its time; one check at a time. */
function leaseCheck<L extends { leaseMs: number }>(
  ledger: LeaseLedger<L>,
  lease: L,
  { lost, Lost }: { lost: AbortController; Lost: new (lease: L) => Error },
): () => Promise<void> {
  let lastBeatAt = performance.now();
  let isChecking = false;
  const look = async () => {
    const startedAt = performance.now();
    if (startedAt - lastBeatAt < lease.leaseMs / 3) {
      if (!(await ledger.holds(lease))) throw new Lost(lease);
      return;
    }
    await ledger.heartbeat(lease);
    lastBeatAt = startedAt;
  };
  return async () => {
    if (isChecking || lost.signal.aborted) return;
    isChecking = true;
    await look().catch((error: unknown) => {
      if (error instanceof Lost) lost.abort(error);
      else if (performance.now() - lastBeatAt >= lease.leaseMs) lost.abort(new Lost(lease));
    });
    isChecking = false;
  };
}
