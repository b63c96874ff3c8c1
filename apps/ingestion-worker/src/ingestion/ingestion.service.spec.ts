import { once } from 'node:events';
import { Logger } from '@nestjs/common';
import { beforeAll, describe, expect, it, jest } from '@jest/globals';
import { DomainError, TenantContext } from '@parley/contracts';
import { type Claim, type Failure, type IngestionLedger, type Lease, LeaseLostError } from '@parley/knowledge';
import { IngestionError } from '../parsing/ingestion-error.js';
import { type IngestionConfig } from './ingestion.config.js';
import { IngestionService } from './ingestion.service.js';
import { type Pipeline } from './pipeline.js';

const ID = '018f0000-0000-7000-8000-000000000000';
const tenant = TenantContext.of({ tenantId: ID, userId: ID, role: 'member' });
const lease = { jobId: ID, tenant, attempt: 1, maxAttempts: 5, leaseMs: 2_000 } as Lease;
const away = () => new DomainError('service_unavailable', 'The database cannot be reached.');

describe('IngestionService', () => {
  beforeAll(() => Logger.overrideLogger(false));

  function service(run: (signal: AbortSignal) => Promise<void>, claim: Claim = { outcome: 'claimed', lease }) {
    const fail = jest
      .fn<(lease: Lease, failure: Failure) => Promise<'queued' | 'failed'>>()
      .mockResolvedValue('queued');
    const ledger = { claim: async () => claim, heartbeat: async () => undefined, fail };
    const pipeline = { run: jest.fn((_lease: Lease, signal: AbortSignal) => run(signal)) };
    const config = { leaseMs: 2_000, firstPauseMs: 5_000 } as IngestionConfig;
    const ingestion = new IngestionService(
      ledger as unknown as IngestionLedger,
      pipeline as unknown as Pipeline,
      config,
    );
    return { fail, pipeline, ingest: (stop = new AbortController().signal) => ingestion.ingest(tenant, ID, stop) };
  }

  const untilStopped = async (signal: AbortSignal): Promise<never> => {
    if (!signal.aborted) await once(signal, 'abort');
    throw new Error('cut off');
  };

  it.each<Claim>([{ outcome: 'finished' }, { outcome: 'busy', retryAfterMs: 5 }])(
    'leaves a job alone that is $outcome',
    async (claim) => {
      const { pipeline, ingest } = service(async () => undefined, claim);
      await ingest();
      expect(pipeline.run).not.toHaveBeenCalled();
    },
  );

  it('records why an attempt failed', async () => {
    const { fail, ingest } = service(async () => {
      throw new IngestionError('corrupt', 'It is broken.');
    });
    await ingest();
    expect(fail).toHaveBeenCalledWith(lease, { code: 'corrupt', message: 'It is broken.' });
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
    const { fail, ingest } = service(untilStopped);
    const attempt = ingest(stop.signal);
    stop.abort(new Error('The app is stopping.'));
    await attempt;
    const [, failure] = fail.mock.calls[0]!;
    expect(failure.retryAt!.getTime()).toBeLessThanOrEqual(Date.now());
  });

  it('pauses a job that took too long', async () => {
    const stop = new AbortController();
    const { fail, ingest } = service(untilStopped);
    const attempt = ingest(stop.signal);
    stop.abort(new DomainError('timeout', 'The handler took too long.'));
    await attempt;
    const [, failure] = fail.mock.calls[0]!;
    expect(failure.code).toBe('timeout');
    expect(failure.retryAt!.getTime()).toBeGreaterThan(Date.now() + 1_000);
  });
});
