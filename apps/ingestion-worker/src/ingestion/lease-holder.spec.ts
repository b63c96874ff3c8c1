import { describe, expect, it, jest } from '@jest/globals';
import { type Lease, LeaseLostError } from '@parley/knowledge';
import { holdLease } from './lease-holder.js';

const lease = { jobId: 'job', leaseMs: 30 } as Lease;
const holds = async () => true;
const running = () => new AbortController().signal;

/** Work that only an abort ends. */
const untilAborted = (signal: AbortSignal) =>
  new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(new Error('aborted'))));

describe('holdLease', () => {
  it('renews the lease as long as the work takes, and not longer', async () => {
    const heartbeat = jest.fn<() => Promise<void>>().mockResolvedValue();
    let finish = () => {};
    const work = holdLease(
      { heartbeat, holds },
      lease,
      running(),
      () => new Promise<string>((done) => (finish = () => done('result'))),
    );
    await new Promise<void>((seen) =>
      heartbeat.mockImplementation(async () => void (heartbeat.mock.calls.length >= 3 && seen())),
    );
    finish();
    expect(await work).toBe('result');
    const beats = heartbeat.mock.calls.length;
    await new Promise((passed) => setTimeout(passed, lease.leaseMs));
    expect(heartbeat.mock.calls.length).toBe(beats);
  });

  it('stops the work when the lease is lost, and says so', async () => {
    const lost = new LeaseLostError(lease);
    const heartbeat = jest.fn<() => Promise<void>>().mockRejectedValue(lost);
    await expect(holdLease({ heartbeat, holds }, lease, running(), untilAborted)).rejects.toBe(lost);
  });

  it('stops the work soon when the job is cancelled, long before the next heartbeat is due', async () => {
    const heartbeat = jest.fn<() => Promise<void>>().mockResolvedValue();
    const work = holdLease(
      { heartbeat, holds: async () => false },
      { ...lease, leaseMs: 600_000 },
      running(),
      untilAborted,
    );
    await expect(work).rejects.toBeInstanceOf(LeaseLostError);
    expect(heartbeat).not.toHaveBeenCalled();
  });

  it('bears heartbeats that fail for another reason, until the lease must have run out', async () => {
    const heartbeat = jest.fn<() => Promise<void>>().mockRejectedValue(new Error('database away'));
    await expect(holdLease({ heartbeat, holds }, lease, running(), untilAborted)).rejects.toBeInstanceOf(
      LeaseLostError,
    );
    expect(heartbeat.mock.calls.length).toBeGreaterThan(1);
  });

  it('stops the work when the app stops, and passes the error of the work on', async () => {
    const heartbeat = jest.fn<() => Promise<void>>().mockResolvedValue();
    const app = new AbortController();
    const work = holdLease({ heartbeat, holds }, lease, app.signal, untilAborted);
    app.abort();
    await expect(work).rejects.toThrow('aborted');
  });
});
