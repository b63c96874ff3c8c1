import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { IngestDocument, TenantContext } from '@parley/contracts';
import { IngestionLedger, type Lease } from '@parley/knowledge';
import { OutboxRepository } from '@parley/messaging';
import { Database, migrate } from '@parley/persistence';
import { createTestDatabase, describeWithServices, type TestDatabase } from '@parley/testing';
import pg from 'pg';
import { v7 as uuidv7 } from 'uuid';
import { JobsRepository } from './jobs.repository.js';

const LEASE = { leaseMs: 60_000 };

describeWithServices('announcing ingestion jobs again', () => {
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

  /** Queued jobs whose first announcement was sent a while ago. */
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
    await sql.query(
      `update memory.ingestion_jobs set announced_at = now() - interval '10 s', due_at = now() - interval '10 s'`,
    );
    return ids;
  }

  async function claim(jobId: string): Promise<Lease> {
    const taken = await ledger.claim(tenant, jobId, LEASE);
    if (taken.outcome !== 'claimed') throw new Error(taken.outcome);
    return taken.lease;
  }

  const sent = () => sql.query('update memory.outbox set sent_at = now()');
  const later = () => sql.query(`update memory.ingestion_jobs set announced_at = announced_at - interval '10 s'`);
  const announced = async () => (await sql.query('select name, payload, tenant from memory.outbox')).rows as unknown[];

  it('announces what was lost with the broker, for its tenant', async () => {
    const [jobId] = await addJobs(1);
    expect(await jobs.announceFree(true)).toBe(1);
    expect(await announced()).toEqual([
      {
        name: IngestDocument.name,
        payload: { jobId, documentId: jobId },
        tenant: expect.objectContaining({ tenantId: tenant.tenantId }),
      },
    ]);
  });

  it('does not double a backlog, wherever its announcements wait', async () => {
    await addJobs(3);
    expect(await jobs.announceFree(false)).toBe(0);
    expect(await jobs.announceFree(true)).toBe(3);
    await later();
    expect(await jobs.announceFree(true)).toBe(0);
    await sent();
    expect(await jobs.announceFree(false)).toBe(0);
    expect(await jobs.announceFree(true)).toBe(3);
    expect(await announced()).toHaveLength(6);
  });

  it('does not wait for a relay that has died with announcements in its hand', async () => {
    await addJobs(3);
    await jobs.announceFree(true);
    await sql.query(`update memory.outbox set lease_until = now() + interval '30 s', lease_token = $1`, [uuidv7()]);
    await later();
    expect(await jobs.announceFree(true)).toBe(3);
  });

  it('announces in any case what has waited for long, ever more seldom', async () => {
    await addJobs(1);
    const waited = (announced: string, due: string) =>
      sql.query('update memory.ingestion_jobs set announced_at = now() - $1::interval, due_at = now() - $2::interval', [
        announced,
        due,
      ]);
    await waited('9 min', '9 min');
    expect(await jobs.announceFree(false)).toBe(0);
    await waited('11 min', '11 min');
    expect(await jobs.announceFree(false)).toBe(1);
    await waited('11 min', '25 min');
    expect(await jobs.announceFree(false)).toBe(0);
    await waited('13 min', '25 min');
    expect(await jobs.announceFree(false)).toBe(1);
  });

  it('gives an announcement that was just sent time to arrive', async () => {
    await addJobs(1);
    await sql.query('update memory.ingestion_jobs set announced_at = now(), due_at = now()');
    expect(await jobs.announceFree(true)).toBe(0);
  });

  it('announces the job of a worker that died, once, although others wait in the queue', async () => {
    const [jobId] = await addJobs(2);
    await claim(jobId!);
    expect(await jobs.announceFree(false)).toBe(0);
    await sql.query(`update memory.ingestion_jobs set lease_until = now() - interval '1 ms' where id = $1`, [jobId]);
    expect(await jobs.announceFree(false)).toBe(1);
    expect(await jobs.announceFree(false)).toBe(0);
    expect(await announced()).toMatchObject([{ payload: { jobId } }]);
  });

  it('announces a job whose pause is over, and not before', async () => {
    const [jobId] = await addJobs(1);
    const failure = { code: 'provider_error', message: 'busy' } as const;
    await ledger.fail(await claim(jobId!), { ...failure, retryAt: new Date(Date.now() + 60_000) });
    expect(await jobs.announceFree(true)).toBe(0);
    await sql.query('update memory.ingestion_jobs set due_at = now()');
    expect(await jobs.announceFree(false)).toBe(1);
    expect(await jobs.announceFree(false)).toBe(0);
  });

  it('announces at once what a worker handed back, although its clock is late', async () => {
    const [jobId] = await addJobs(1);
    const retryAt = new Date(Date.now() - 3_600_000);
    await ledger.fail(await claim(jobId!), { code: 'internal_error', message: 'stopped', retryAt });
    expect(await jobs.announceFree(false)).toBe(1);
  });

  it('leaves finished and running jobs alone', async () => {
    const [failed, running] = await addJobs(2);
    await ledger.fail(await claim(failed!), { code: 'corrupt', message: 'broken' });
    await claim(running!);
    expect(await jobs.announceFree(true)).toBe(0);
  });

  it('announces each job once when several sweep at the same time', async () => {
    await addJobs(30);
    const counts = await Promise.all([1, 2, 3, 4].map(() => jobs.announceFree(true)));
    expect(counts.reduce((sum, count) => sum + count)).toBe(30);
    expect(await announced()).toHaveLength(30);
  });
});
