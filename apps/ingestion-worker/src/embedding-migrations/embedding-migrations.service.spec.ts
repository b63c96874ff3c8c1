import { Logger } from '@nestjs/common';
import { beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { DomainError, TenantContext } from '@parley/contracts';
import { type MigrationClaim, type MigrationLease, type MigrationLedger, MigrationLostError } from '@parley/knowledge';
import { EmbeddingError } from '../ingestion/failure.js';
import { type IngestionConfig } from '../ingestion/ingestion.config.js';
import { EmbeddingMigrationsService } from './embedding-migrations.service.js';
import { type SpaceFiller } from './space-filler.js';

const ID = '018f0000-0000-7000-8000-000000000000';
const tenant = TenantContext.of({ tenantId: ID, userId: ID, role: 'member' });
const running = () => new AbortController().signal;
const refusal = (code: 'model_not_found' | 'provider_rate_limited', retryAfterMs?: number) =>
  new EmbeddingError(new DomainError(code, 'No.', { retryAfterMs }));

describe('EmbeddingMigrationsService', () => {
  let lease: MigrationLease;
  let claim: MigrationClaim;
  let run: jest.Mock<SpaceFiller['run']>;
  let release: jest.Mock<MigrationLedger['release']>;
  let fail: jest.Mock<MigrationLedger['fail']>;
  let service: EmbeddingMigrationsService;

  beforeAll(() => Logger.overrideLogger(false));
  beforeEach(() => {
    lease = {
      migrationId: ID,
      tenant,
      leaseMs: 60_000,
      failures: 0,
      status: 'filling',
      task: 'fill',
    } as MigrationLease;
    claim = { outcome: 'claimed', lease };
    run = jest.fn(async () => undefined);
    [release, fail] = [jest.fn(async () => undefined), jest.fn(async () => undefined)];
    const ledger = {
      claim: async () => claim,
      heartbeat: async () => undefined,
      holds: async () => true,
      release,
      fail,
    };
    const config = { leaseMs: 60_000, firstPauseMs: 1_000 } as IngestionConfig;
    service = new EmbeddingMigrationsService(
      ledger as unknown as MigrationLedger,
      { run } as unknown as SpaceFiller,
      config,
    );
  });

  /** In whole seconds; a time that has just passed is none. */
  const waits = () =>
    release.mock.calls.map(([, dueAt]) => Math.max(0, Math.round((dueAt.getTime() - Date.now()) / 1_000)));

  it('does what there is to do, unless another worker does', async () => {
    await service.move(tenant, ID, running());
    expect(run).toHaveBeenCalledWith(lease, expect.anything());
    claim = { outcome: 'busy' };
    await service.move(tenant, ID, running());
    expect(run).toHaveBeenCalledTimes(1);
    expect(release).not.toHaveBeenCalled();
  });

  it('waits as long as the provider wishes, then longer and longer, and never gives up over an outage', async () => {
    run.mockRejectedValueOnce(refusal('provider_rate_limited', 42_000));
    await service.move(tenant, ID, running());
    lease.failures = 2;
    run.mockRejectedValueOnce(refusal('provider_rate_limited'));
    await service.move(tenant, ID, running());
    expect(waits()).toEqual([42, expect.any(Number)]);
    expect(waits()[1]).toBeGreaterThanOrEqual(14);
    expect(release).toHaveBeenCalledWith(lease, expect.any(Date), { code: 'provider_rate_limited', message: 'No.' });
    expect(fail).not.toHaveBeenCalled();
  });

  it('fails when the new model refuses for good', async () => {
    run.mockRejectedValueOnce(refusal('model_not_found'));
    await service.move(tenant, ID, running());
    expect(fail).toHaveBeenCalledWith(lease, { code: 'model_not_found', message: 'No.' });
    expect(release).not.toHaveBeenCalled();
  });

  it('does not undo a switch because the old model is gone', async () => {
    lease.status = 'switched';
    run.mockRejectedValueOnce(refusal('model_not_found'));
    await service.move(tenant, ID, running());
    expect(fail).not.toHaveBeenCalled();
    expect(waits()).toEqual([300]);
  });

  it('hands the work back when the app stops', async () => {
    const stop = new AbortController();
    run.mockImplementationOnce(async () => {
      stop.abort(new Error('stopping'));
      throw stop.signal.reason;
    });
    await service.move(tenant, ID, stop.signal);
    expect(waits()).toEqual([0]);
    expect(release.mock.calls[0]).toHaveLength(2);
  });

  it('leaves a migration that was cancelled or taken over alone', async () => {
    run.mockRejectedValueOnce(new MigrationLostError(lease));
    await service.move(tenant, ID, running());
    run.mockRejectedValueOnce(refusal('provider_rate_limited'));
    release.mockRejectedValueOnce(new MigrationLostError(lease));
    await expect(service.move(tenant, ID, running())).resolves.toBeUndefined();
    expect(fail).not.toHaveBeenCalled();
  });
});
