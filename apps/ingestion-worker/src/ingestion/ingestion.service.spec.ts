import { once } from 'node:events';
import { Logger } from '@nestjs/common';
import { beforeAll, describe, expect, it, jest } from '@jest/globals';
import { DomainError, TenantContext } from '@parley/contracts';
import { type Failure, type FailureOutcome, type IngestionLedger, type Lease, LeaseLostError } from '@parley/knowledge';
import { eventually, metricValue } from '@parley/testing';
import { IngestionError } from '../parsing/ingestion-error.js';
import { type IngestionConfig } from './ingestion.config.js';
import { IngestionService } from './ingestion.service.js';
import { type Pipeline } from './pipeline.js';
import { type TracedJobs } from './traced-jobs.js';

const ID = '018f0000-0000-7000-8000-000000000000';
const tenant = TenantContext.of({ tenantId: ID, userId: ID, role: 'member' });
const lease = { jobId: ID, tenant, attempt: 1, failures: 0, postponements: 0, maxAttempts: 5, leaseMs: 2_000 } as Lease;
const away = () => new DomainError('service_unavailable', 'The database cannot be reached.');

describe('IngestionService', () => {
  beforeAll(() => Logger.overrideLogger(false));

  function service(run: (signal: AbortSignal) => Promise<void>, next: Lease | null = lease) {
    const fail = jest
      .fn<(lease: Lease, failure: Failure, elapsedMs: number) => Promise<FailureOutcome>>()
      .mockResolvedValue('retried');
    const handBack = jest.fn<(lease: Lease) => Promise<void>>().mockResolvedValue();
    const claimNext = jest.fn(async () => next);
    const ledger = { claimNext, heartbeat: async () => undefined, holds: async () => true, fail, handBack };
    const pipeline = { run: jest.fn((_lease: Lease, signal: AbortSignal) => run(signal)) };
    const config = { leaseMs: 2_000, firstPauseMs: 5_000, outagePatienceMs: 60_000 } as IngestionConfig;
    const ingestion = new IngestionService(
      ledger as unknown as IngestionLedger,
      pipeline as unknown as Pipeline,
      config,
      { run: (_lease: Lease, work: () => Promise<void>) => work() } as TracedJobs,
    );
    const ingest = (stop = new AbortController().signal) => ingestion.ingestNext(stop);
    return { fail, handBack, claimNext, pipeline, ingest };
  }

  const untilStopped = async (signal: AbortSignal): Promise<never> => {
    if (!signal.aborted) await once(signal, 'abort');
    throw new Error('cut off');
  };

  it('is done when it is woken up for nothing', async () => {
    const { pipeline, ingest } = service(async () => undefined, null);
    await ingest();
    expect(pipeline.run).not.toHaveBeenCalled();
  });

  it('claims one job after the other, however many wake-ups come at once', async () => {
    const { claimNext, ingest } = service(async () => undefined);
    let atOnce = 0;
    claimNext.mockImplementation(async () => {
      expect((atOnce += 1)).toBe(1);
      await new Promise((resolve) => setImmediate(resolve));
      atOnce -= 1;
      return lease;
    });
    await Promise.all([ingest(), ingest(), ingest()]);
    expect(claimNext).toHaveBeenCalledTimes(3);
  });

  it('claims nothing for a while after an attempt that met an outage, and nothing more when the app stops', async () => {
    const { fail, claimNext, ingest } = service(async () => {
      throw away();
    });
    fail.mockResolvedValue('postponed');
    await ingest();
    const stop = new AbortController();
    const next = ingest(stop.signal);
    await new Promise((resolve) => setImmediate(resolve));
    expect(claimNext).toHaveBeenCalledTimes(1);
    stop.abort();
    await next;
    expect(claimNext).toHaveBeenCalledTimes(1);
  });

  it('records why an attempt failed', async () => {
    const { fail, ingest } = service(async () => {
      throw new IngestionError('corrupt', 'It is broken.');
    });
    await ingest();
    expect(fail).toHaveBeenCalledWith(lease, { code: 'corrupt', message: 'It is broken.' }, expect.any(Number));
  });

  it('counts how jobs ended for good, and no attempt that is followed by another', async () => {
    const outcomes = ['completed', 'failed', 'dead_letter'];
    const counted = () =>
      Promise.all(outcomes.map((outcome) => metricValue('parley_ingestion_finished_total', { outcome })));
    const before = await counted();
    const { ingest: complete } = service(async () => undefined);
    await complete();
    for (const error of [new IngestionError('corrupt', 'It is broken.'), away()]) {
      const { fail, ingest } = service(async () => Promise.reject(error));
      fail.mockResolvedValueOnce('retried').mockResolvedValueOnce('failed');
      await ingest();
      await ingest();
    }
    const after = await counted();
    expect(after.map((count, index) => count - before[index]!)).toEqual([1, 1, 1]);
  });

  it('records nothing of a job that another worker has by now', async () => {
    const { fail, ingest } = service(async () => {
      throw new LeaseLostError(lease);
    });
    await ingest();
    expect(fail).not.toHaveBeenCalled();
  });

  it('keeps trying to record a failure while the database is away', async () => {
    const { fail, ingest } = service(async () => {
      throw away();
    });
    fail.mockRejectedValueOnce(away());
    await ingest();
    expect(fail).toHaveBeenCalledTimes(2);
  });

  it('gives up recording when the lease must have run out', async () => {
    const { fail, ingest } = service(async () => {
      throw away();
    });
    fail.mockRejectedValue(away());
    const startedAt = performance.now();
    await expect(ingest()).rejects.toMatchObject({ code: 'service_unavailable' });
    expect(performance.now() - startedAt).toBeLessThan(lease.leaseMs + 500);
    expect(fail.mock.calls.length).toBeGreaterThan(1);
  });

  it('hands the job on at once when the app stops', async () => {
    const stop = new AbortController();
    const { fail, handBack, pipeline, ingest } = service(untilStopped);
    const attempt = ingest(stop.signal);
    await eventually(() => expect(pipeline.run).toHaveBeenCalled());
    stop.abort(new Error('The app is stopping.'));
    await attempt;
    expect(handBack).toHaveBeenCalledWith(lease);
    expect(fail).not.toHaveBeenCalled();
  });

  it('pauses a job that took too long', async () => {
    const stop = new AbortController();
    const { fail, pipeline, ingest } = service(untilStopped);
    const attempt = ingest(stop.signal);
    await eventually(() => expect(pipeline.run).toHaveBeenCalled());
    stop.abort(new DomainError('timeout', 'The handler took too long.'));
    await attempt;
    const [, failure] = fail.mock.calls[0]!;
    expect(failure.code).toBe('timeout');
    expect(failure.retryInMs).toBeGreaterThan(1_000);
  });
});
