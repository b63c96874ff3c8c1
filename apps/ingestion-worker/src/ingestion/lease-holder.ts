import { type IngestionLedger, type Lease, LeaseLostError } from '@parley/knowledge';

/**
 * Renews a lease while work goes on. The work's signal is aborted when the lease is lost or `signal` is; a heartbeat that
 * fails for another reason is tried again with the next one, as long as the lease lasts.
 * @throws LeaseLostError, or whatever the work throws
 */
export async function holdLease<T>(
  ledger: Pick<IngestionLedger, 'heartbeat'>,
  lease: Lease,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const lost = new AbortController();
  let lastBeatAt = performance.now();
  const beat = async () => {
    const startedAt = performance.now();
    try {
      await ledger.heartbeat(lease);
      lastBeatAt = Math.max(lastBeatAt, startedAt);
    } catch (error) {
      if (error instanceof LeaseLostError) lost.abort(error);
      else if (performance.now() - lastBeatAt >= lease.leaseMs) lost.abort(new LeaseLostError(lease));
    }
  };
  const timer = setInterval(() => void beat(), lease.leaseMs / 3);
  try {
    return await work(AbortSignal.any([signal, lost.signal]));
  } catch (error) {
    throw lost.signal.aborted ? lost.signal.reason : error;
  } finally {
    clearInterval(timer);
  }
}
