import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { IngestDocument, TenantContext } from '@parley/contracts';
import { IngestionLedger, type Lease } from '@parley/knowledge';
import { OutboxRepository } from '@parley/messaging';
import { gauge } from '@parley/observability';
import { Database, migrate } from '@parley/persistence';
import { createTestDatabase, describeWithServices, metricValue, type TestDatabase } from '@parley/testing';
import pg from 'pg';
import { v7 as uuidv7 } from 'uuid';
import { JobMetrics } from './job-metrics.js';
import { JobsRepository } from './jobs.repository.js';

const LEASE = { leaseMs: 60_000 };

describeWithServices('the sweep over ingestion jobs', () => {
  let database: TestDatabase;
  let sql: pg.Pool;
  let memory: Database;
  let worker: Database;
  let ledger: IngestionLedger;
  let jobs: JobsRepository;
  const tenant = TenantContext.of({ tenantId: uuidv7(), userId: uuidv7(), role: 'admin' });

  beforeAll(async () => {
    database = await createTestDatabase({ prepare: migrate, template: 'migrated' });
    sql = new pg.Pool({ connectionString: database.url, max: 2 });
    const shared = { url: database.url, schema: 'memory', entities: [], poolSize: 4, statementTimeoutMs: 10_000 };
    memory = new Database({ ...shared, role: 'parley_memory' });
    worker = new Database({ ...shared, role: 'parley_worker' });
    ledger = new IngestionLedger(worker);
    jobs = new JobsRepository(memory, new OutboxRepository('memory'));
  });
  beforeEach(() => sql.query('truncate memory.outbox, memory.documents, memory.ingestion_jobs cascade'));
  afterAll(async () => {
    await memory?.onApplicationShutdown();
    await worker?.onApplicationShutdown();
    await sql?.end();
    await database?.drop();
  });

  /** Queued jobs of one tenant. */
  async function addJobs(count: number): Promise<string[]> {
    const ids = Array.from({ length: count }, () => uuidv7());
    const knowledgeBaseId = uuidv7();
    await memory.withTenant(tenant, async (tx) => {
      const { tenantId } = tenant;
      await tx.query(`insert into memory.knowledge_bases (id, tenant_id, name) values ($1, $2, 'notes')`, [
        knowledgeBaseId,
        tenantId,
      ]);
      for (const id of ids) {
        await tx.query(
          `insert into memory.files (id, tenant_id, filename, content_type, bytes, sha256, purpose, blob_key)
           values ($1, $2, 'notes.txt', 'text/plain', 7, 'hash', 'assistants', 'key')`,
          [id, tenantId],
        );
        await tx.query(
          `insert into memory.documents (id, tenant_id, knowledge_base_id, file_id) values ($1, $2, $3, $1)`,
          [id, tenantId, knowledgeBaseId],
        );
        await ledger.enqueue(tx, tenant, { jobId: id, documentId: id });
      }
    });
    return ids;
  }

  async function claim(jobId: string): Promise<Lease> {
    const taken = await ledger.claim(tenant, jobId, LEASE);
    if (taken.outcome !== 'claimed') throw new Error(taken.outcome);
    return taken.lease;
  }

  const sent = () => sql.query('update memory.outbox set sent_at = now()');
  const wakeUps = async () => (await sql.query('select name, payload, tenant from memory.outbox')).rows as unknown[];
  const expireLeases = () =>
    sql.query(`update memory.ingestion_jobs set lease_until = now() - interval '5 s' where lease_until is not null`);
  const rowOf = async (jobId: string) =>
    (
      await sql.query(
        `select j.*, d.status as document_status, d.error_code as document_error, j.due_at > now() as is_paused
         from memory.ingestion_jobs j join memory.documents d on d.id = j.document_id where j.id = $1`,
        [jobId],
      )
    ).rows[0] as Record<string, unknown>;

  it('wakes a worker up for what was lost with the broker', async () => {
    const [jobId] = await addJobs(1);
    expect(await jobs.wakeUp(0)).toBe(1);
    expect(await wakeUps()).toEqual([
      {
        name: IngestDocument.name,
        payload: { jobId, documentId: jobId },
        tenant: expect.objectContaining({ tenantId: tenant.tenantId }),
      },
    ]);
  });

  it('sends what is missing and no more, wherever the others wait', async () => {
    await addJobs(5);
    expect(await jobs.wakeUp(5)).toBe(0);
    expect(await jobs.wakeUp(3)).toBe(2);
    expect(await jobs.wakeUp(3)).toBe(0);
    expect(await jobs.wakeUp(0)).toBe(3);
    await sent();
    expect(await jobs.wakeUp(5)).toBe(0);
    expect(await jobs.wakeUp(0)).toBe(5);
  });

  it('does not wait for a relay that has died with wake-ups in its hand', async () => {
    await addJobs(3);
    await jobs.wakeUp(0);
    await sql.query(`update memory.outbox set lease_until = now() + interval '30 s', lease_token = $1`, [uuidv7()]);
    expect(await jobs.wakeUp(0)).toBe(3);
  });

  it('sends each once when several sweep at the same time, and a bounded number at a time', async () => {
    await addJobs(30);
    const counts = await Promise.all([1, 2, 3, 4].map(() => jobs.wakeUp(0)));
    expect(counts.reduce((sum, count) => sum + count)).toBe(30);
    expect(await wakeUps()).toHaveLength(30);
  });

  it('wakes nobody up for jobs that are running, finished or in a pause', async () => {
    const [failed, running, paused] = await addJobs(3);
    await ledger.fail(await claim(failed!), { code: 'corrupt', message: 'broken' });
    await claim(running!);
    await ledger.fail(await claim(paused!), { code: 'provider_error', message: 'busy', retryInMs: 60_000 });
    expect(await jobs.wakeUp(0)).toBe(0);
    await sql.query(`update memory.ingestion_jobs set due_at = now() where id = $1`, [paused]);
    expect(await jobs.wakeUp(0)).toBe(1);
  });

  it('takes a job back from a worker that died, and says so on job, attempt and document', async () => {
    const [jobId] = await addJobs(2);
    const lease = await claim(jobId!);
    await ledger.advance(lease, 'embedding');
    await sql.query(`update memory.ingestion_jobs set lease_until = now() where id = $1`, [jobId]);
    expect(await jobs.reap()).toEqual([]);
    await expireLeases();
    expect(await jobs.reap()).toEqual([{ jobId, endedAs: 'queued' }]);
    const message = 'The worker stopped responding while it was embedding the document.';
    expect(await rowOf(jobId!)).toMatchObject({
      ...{ status: 'queued', lease_token: null, lost: 1, failures: 1, is_paused: false, dead_lettered_at: null },
      ...{ error_code: 'worker_lost', error_message: message, document_status: 'queued', document_error: null },
    });
    const { rows } = await sql.query('select * from memory.ingestion_attempts where job_id = $1', [jobId]);
    expect(rows).toMatchObject([
      { number: 1, stage: 'embedding', outcome: 'lost', error_code: 'worker_lost', ended_at: expect.any(Date) },
    ]);
    expect(await jobs.reap()).toEqual([]);
    expect(await jobs.wakeUp(1)).toBe(1);
  });

  it('gives a document up that kills its workers again and again, after growing pauses', async () => {
    const [jobId] = await addJobs(1);
    const pauses: unknown[] = [];
    for (let death = 1; death <= 5; death++) {
      await claim(jobId!);
      await expireLeases();
      expect(await jobs.reap()).toEqual([{ jobId, endedAs: death < 5 ? 'queued' : 'failed' }]);
      pauses.push((await rowOf(jobId!))['is_paused']);
    }
    expect(pauses.slice(0, 4)).toEqual([false, true, true, true]);
    expect(await rowOf(jobId!)).toMatchObject({
      ...{ status: 'failed', lost: 5, failures: 5, dead_lettered_at: expect.any(Date) },
      ...{ error_code: 'worker_lost', document_status: 'failed', document_error: 'worker_lost' },
      error_message: expect.stringMatching(/stopped responding while it was parsing.* last of 5 workers/),
    });
  });

  it('takes each job back once when several sweep at the same time, of any number', async () => {
    for (const jobId of await addJobs(45)) await claim(jobId);
    await expireLeases();
    const reaped = (await Promise.all([1, 2, 3].map(() => jobs.reap()))).flat();
    expect(reaped).toHaveLength(45);
    expect(new Set(reaped.map(({ jobId }) => jobId)).size).toBe(45);
  });

  it('counts jobs by state, and tells for how long the oldest has waited', async () => {
    const [paused, running, silent, dead] = await addJobs(6);
    await ledger.fail(await claim(paused!), { code: 'provider_error', message: 'busy', retryInMs: 60_000 });
    await ledger.advance(await claim(running!), 'embedding');
    await claim(silent!);
    await sql.query(`update memory.ingestion_jobs set lease_until = now() - interval '1 s' where id = $1`, [silent]);
    await ledger.fail(await claim(dead!), { code: 'corrupt', message: 'broken' });
    await sql.query(`update memory.ingestion_jobs set due_at = now() - interval '90 s' where attempt = 0`);
    await new JobMetrics(jobs).measure();
    const valuesOf = async (name: string) => (await gauge(name, name).get()).values;
    const states = (await valuesOf('parley_ingestion_jobs')).map(({ labels, value }) => [
      (labels as { state: string }).state,
      value,
    ]);
    const expected = { waiting: 2, paused: 1, parsing: 0, embedding: 1, indexing: 0, stalled: 1, dead_letter: 1 };
    expect(Object.fromEntries(states)).toEqual(expected);
    expect(await metricValue('parley_dead_letters', { queue: 'ingestion_jobs' })).toBe(1);
    const [oldest] = await valuesOf('parley_ingestion_oldest_waiting_seconds');
    expect(Math.round(oldest!.value)).toBeGreaterThanOrEqual(90);
  });
});
