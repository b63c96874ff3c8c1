import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { type TenantContext } from '@parley/contracts';
import { migrate } from '@parley/persistence';
import { createTestDatabase, describeWithServices, type TestDatabase } from '@parley/testing';
import { chunksOf, KnowledgeFixture } from '../fixtures/knowledge.fixture.js';
import { cancelJobs } from './job-ending.js';
import { LeaseLostError, type RunningStatus } from './lease.js';

describeWithServices('the end of an ingestion job', () => {
  let database: TestDatabase;
  let knowledge: KnowledgeFixture;
  let tenant: TenantContext;
  let base: string;

  beforeAll(async () => {
    database = await createTestDatabase({ prepare: migrate, template: 'migrated' });
    knowledge = await KnowledgeFixture.open(database.url);
  });
  afterAll(async () => {
    await knowledge?.close();
    await database?.drop();
  });
  beforeEach(async () => {
    tenant = knowledge.tenant();
    base = await knowledge.knowledgeBase(tenant);
  });

  const cancel = (documentId: string, as = tenant) =>
    knowledge.memory.withTenant(as, async (tx) => (await cancelJobs(tx, as, [documentId])) === 1);
  const one = async (table: string, id: string) =>
    (await knowledge.rows<Record<string, unknown>>(tenant, `select * from memory.${table} where id = $1`, [id]))[0]!;
  const attempts = (jobId: string) =>
    knowledge.rows(
      tenant,
      'select number, stage, outcome, error_code from memory.ingestion_attempts where job_id = $1 order by number',
      [jobId],
    );
  const texts = () => knowledge.rows<{ text: string }>(tenant, 'select text from memory.chunks order by text');

  it.each<RunningStatus>(['parsing', 'embedding', 'indexing'])(
    'is cancelled while %s: the worker has no lease any more and what it wrote is gone',
    async (stage) => {
      const { documentId, jobId } = await knowledge.addDocument(tenant, base);
      const lease = await knowledge.claim(tenant, jobId);
      await knowledge.writer.write(lease, knowledge.space, chunksOf(['half', 'of it']));
      await knowledge.ledger.advance(lease, stage);
      expect(await knowledge.ledger.holds(lease)).toBe(true);
      expect(await cancel(documentId)).toBe(true);
      expect(await knowledge.ledger.holds(lease)).toBe(false);
      await expect(knowledge.writer.write(lease, knowledge.space, chunksOf(['late']))).rejects.toThrow(LeaseLostError);
      await expect(knowledge.ledger.complete(lease, { chunkCount: 2 })).rejects.toThrow(LeaseLostError);
      expect(await one('documents', documentId)).toMatchObject({ status: 'cancelled', error_code: null });
      expect(await one('ingestion_jobs', jobId)).toMatchObject({ status: 'cancelled', lease_token: null });
      expect(await texts()).toEqual([]);
      expect(await attempts(jobId)).toMatchObject([{ number: 1, stage, outcome: 'cancelled' }]);
      expect(await cancel(documentId)).toBe(false);
    },
  );

  it('is cancelled while it waits or is in a pause', async () => {
    const waiting = await knowledge.addDocument(tenant, base);
    const paused = await knowledge.addDocument(tenant, base);
    const lease = await knowledge.claim(tenant, paused.jobId);
    await knowledge.ledger.fail(lease, { code: 'provider_error', message: 'busy', retryInMs: 60_000 });
    for (const { documentId, jobId } of [waiting, paused]) {
      expect(await cancel(documentId)).toBe(true);
      expect(await one('documents', documentId)).toMatchObject({ status: 'cancelled' });
      expect(await knowledge.ledger.claim(tenant, jobId, { leaseMs: 1_000 })).toEqual({ outcome: 'finished' });
    }
  });

  it('is cancelled without the version before it: that stays searchable', async () => {
    const { documentId } = await knowledge.ingest(tenant, base, ['the old version']);
    const jobId = await knowledge.enqueueVersion(tenant, documentId);
    const lease = await knowledge.claim(tenant, jobId);
    await knowledge.writer.write(lease, knowledge.space, chunksOf(['the new version']));
    expect(await cancel(documentId)).toBe(true);
    expect(await texts()).toEqual([{ text: 'the old version' }]);
    expect(await one('documents', documentId)).toMatchObject({
      status: 'cancelled',
      active_version: 1,
      chunk_count: 1,
    });
  });

  it('has one winner when cancelling races with completion', async () => {
    for (let race = 0; race < 8; race++) {
      const { documentId, jobId } = await knowledge.addDocument(tenant, base);
      const lease = await knowledge.claim(tenant, jobId);
      await knowledge.writer.write(lease, knowledge.space, chunksOf(['one']));
      const [completed, cancelled] = await Promise.all([
        knowledge.ledger.complete(lease, { chunkCount: 1 }).then(
          () => true,
          () => false,
        ),
        cancel(documentId),
      ]);
      expect(completed).toBe(!cancelled);
      const status = completed ? 'completed' : 'cancelled';
      expect(await one('documents', documentId)).toMatchObject({ status, chunk_count: completed ? 1 : 0 });
      expect(await one('ingestion_jobs', jobId)).toMatchObject({ status });
      await knowledge.rows(tenant, 'select memory.remove_document($1, $2)', [tenant.tenantId, documentId]);
    }
    expect(await texts()).toEqual([]);
  });

  it('cannot be cancelled by another tenant, nor once it is there', async () => {
    const { documentId } = await knowledge.addDocument(tenant, base);
    expect(await cancel(documentId, knowledge.tenant())).toBe(false);
    const done = await knowledge.ingest(tenant, base, ['done']);
    expect(await cancel(done.documentId)).toBe(false);
    expect(await one('documents', done.documentId)).toMatchObject({ status: 'completed' });
  });

  it('does not come from an outage until the patience is over, however often it is met', async () => {
    const { jobId, documentId } = await knowledge.addDocument(tenant, base);
    const failure = {
      code: 'provider_error',
      message: 'The provider is away.',
      retryInMs: 0,
      outagePatienceMs: 60_000,
    } as const;
    for (let meeting = 1; meeting <= 8; meeting++) {
      expect(await knowledge.ledger.fail(await knowledge.claim(tenant, jobId), failure)).toBe('postponed');
    }
    expect(await one('ingestion_jobs', jobId)).toMatchObject({
      status: 'queued',
      failures: 0,
      postponements: 8,
      attempt: 8,
    });
    await knowledge.rows(tenant, `update memory.ingestion_jobs set outage_since = now() - interval '2 minutes'`);
    expect(await knowledge.ledger.fail(await knowledge.claim(tenant, jobId), failure)).toBe('failed');
    expect(await one('documents', documentId)).toMatchObject({
      status: 'failed',
      error_message: 'The provider is away.',
    });
  });

  it('forgets an outage with the next attempt that counts', async () => {
    const { jobId } = await knowledge.addDocument(tenant, base);
    const outage = { code: 'provider_error', message: 'away', retryInMs: 0, outagePatienceMs: 60_000 } as const;
    await knowledge.ledger.fail(await knowledge.claim(tenant, jobId), outage);
    await knowledge.ledger.fail(await knowledge.claim(tenant, jobId), {
      code: 'timeout',
      message: 'slow',
      retryInMs: 0,
    });
    const lease = await knowledge.claim(tenant, jobId);
    expect(lease).toMatchObject({ failures: 1, postponements: 0, outageMs: null, attempt: 3 });
  });

  it('does not come from being handed back, which costs no attempt', async () => {
    const { jobId } = await knowledge.addDocument(tenant, base);
    for (let time = 0; time < 7; time++) await knowledge.ledger.handBack(await knowledge.claim(tenant, jobId));
    expect(await one('ingestion_jobs', jobId)).toMatchObject({ status: 'queued', failures: 0, attempt: 7 });
  });

  it('is told with every attempt before it, up to a bound', async () => {
    const { jobId } = await knowledge.addDocument(tenant, base);
    for (let time = 0; time < 24; time++) await knowledge.ledger.handBack(await knowledge.claim(tenant, jobId));
    const lease = await knowledge.claim(tenant, jobId);
    await knowledge.ledger.fail(lease, { code: 'corrupt', message: 'broken' });
    const told = await attempts(jobId);
    expect(told).toHaveLength(20);
    expect(told[0]).toMatchObject({ number: 6, outcome: 'handed_back' });
    expect(told.at(-1)).toEqual({ number: 25, stage: 'parsing', outcome: 'failed', error_code: 'corrupt' });
  });

  it('makes a dead letter of a failure, until a newer version takes its place', async () => {
    const { jobId, documentId } = await knowledge.addDocument(tenant, base);
    await knowledge.ledger.fail(await knowledge.claim(tenant, jobId), { code: 'corrupt', message: 'broken' });
    expect(await one('ingestion_jobs', jobId)).toMatchObject({ status: 'failed', dead_lettered_at: expect.any(Date) });
    await knowledge.enqueueVersion(tenant, documentId);
    expect(await one('ingestion_jobs', jobId)).toMatchObject({ status: 'failed', dead_lettered_at: null });
  });
});
