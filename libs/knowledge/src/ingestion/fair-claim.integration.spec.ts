import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import { type TenantContext } from '@parley/contracts';
import { migrate } from '@parley/persistence';
import { createTestDatabase, describeWithServices, type TestDatabase } from '@parley/testing';
import pg from 'pg';
import { KnowledgeFixture } from '../fixtures/knowledge.fixture.js';
import { type Lease } from './lease.js';

const EXPLAIN = `explain (analyze, buffers, format json) select * from memory.next_ingestion_job('w')`;

describeWithServices('the turn of a job', () => {
  let database: TestDatabase;
  let knowledge: KnowledgeFixture;
  let sql: pg.Pool;

  beforeAll(async () => {
    database = await createTestDatabase({ prepare: migrate, template: 'migrated' });
    knowledge = await KnowledgeFixture.open(database.url);
    // A connection used once: it would keep the plans for checks of foreign keys that it made while the tables were small.
    sql = new pg.Pool({ connectionString: database.url, max: 1, maxUses: 1 });
  });
  afterEach(() => sql.query('truncate memory.files, memory.documents, memory.ingestion_jobs cascade'));
  afterAll(async () => {
    await sql?.end();
    await knowledge?.close();
    await database?.drop();
  });

  const next = (worker = 'w1') => knowledge.ledger.claimNext({ leaseMs: 60_000, worker });
  const finish = (lease: Lease) =>
    knowledge.ledger.fail(lease, { code: 'no_text', message: 'The file holds no text.' });

  /** A tenant with queued documents; thousands of them are written in one go. */
  async function tenantWith(count: number, dueSeconds = 0): Promise<TenantContext> {
    const tenant = knowledge.tenant();
    const base = await knowledge.knowledgeBase(tenant);
    const jobs = `from generate_series(1, $3) n`;
    const scope = [tenant.tenantId, base, count];
    const client = await sql.connect();
    await client.query(
      `insert into memory.files (id, tenant_id, filename, content_type, bytes, sha256, purpose, blob_key)
       select md5($2 || 'f' || n)::uuid, $1, 'a.txt', 'text/plain', 7, 'hash', 'assistants', 'key' ${jobs}`,
      scope,
    );
    await client.query(
      `insert into memory.documents (id, tenant_id, knowledge_base_id, file_id, latest_version)
       select md5($2 || n)::uuid, $1, $2::uuid, md5($2 || 'f' || n)::uuid, 1 ${jobs}`,
      scope,
    );
    await client.query(
      `insert into memory.ingestion_jobs (id, tenant_id, document_id, version, due_at)
       select md5($2 || 'j' || n)::uuid, $1, md5($2 || n)::uuid, 1, now() + ($4 || ' s')::interval + n * interval '1 us' ${jobs}`,
      [...scope, dueSeconds],
    );
    client.release();
    return tenant;
  }

  /** Whose jobs are finished, in order, by so many workers that each work on one job at a time. */
  async function order(turns: number, workers: number): Promise<string[]> {
    const served: string[] = [];
    const running: Lease[] = [];
    for (let turn = 0; turn < turns; turn++) {
      const lease = await next(`w${turn % workers}`);
      if (lease === null) break;
      served.push(lease.tenant.tenantId);
      running.push(lease);
      if (running.length === workers) await finish(running.shift()!);
    }
    for (const lease of running) await finish(lease);
    return served;
  }

  it('comes within a few jobs for a single document, however many another tenant has queued before it', async () => {
    const large = await tenantWith(10_000, -3_600);
    for (const lease of [await next('w1'), await next('w2')]) expect(lease!.tenant.tenantId).toBe(large.tenantId);
    const late = await tenantWith(1);
    const served = await order(6, 2);
    expect(served.indexOf(late.tenantId)).toBe(0);
    expect(served.filter((id) => id === large.tenantId)).toHaveLength(5);
  });

  it('goes round the tenants while all have documents, and to whoever is left after that', async () => {
    const [a, b, c] = [await tenantWith(9), await tenantWith(3), await tenantWith(3)];
    const served = await order(15, 3);
    for (let round = 0; round < 3; round++) {
      const inRound = served.slice(round * 3, round * 3 + 3).toSorted();
      expect(inRound).toEqual([a, b, c].map(({ tenantId }) => tenantId).toSorted());
    }
    expect(served.slice(9)).toEqual(Array.from({ length: 6 }, () => a.tenantId));
  });

  it('is the oldest of a tenant first, and none that is not yet due', async () => {
    const tenant = await tenantWith(3);
    const ids = await knowledge.rows<{ id: string }>(tenant, 'select id from memory.ingestion_jobs order by due_at');
    await sql.query(`update memory.ingestion_jobs set due_at = now() + interval '1 hour' where id = $1`, [ids[0]!.id]);
    expect((await next())?.jobId).toBe(ids[1]!.id);
    expect((await next())?.jobId).toBe(ids[2]!.id);
    expect(await next()).toBeNull();
  });

  it('is given once, to one of many workers that ask at the same moment', async () => {
    await tenantWith(20);
    await tenantWith(5);
    const claims = await Promise.all(Array.from({ length: 16 }, (_, worker) => next(`w${worker}`)));
    const jobIds = claims.filter((lease) => lease !== null).map(({ jobId }) => jobId);
    expect(new Set(jobIds).size).toBe(jobIds.length);
    let left = 25 - jobIds.length;
    while ((await next()) !== null) left -= 1;
    expect(left).toBe(0);
  });

  it('costs no more with ten thousand jobs in the queue than with ten', async () => {
    const medianMs = async () => {
      const times: number[] = [];
      for (let count = 0; count < 9; count++) {
        const startedAt = performance.now();
        const lease = (await next())!;
        times.push(performance.now() - startedAt);
        await knowledge.ledger.handBack(lease);
      }
      return times.toSorted((a, b) => a - b)[4]!;
    };
    await tenantWith(10);
    const short = await medianMs();
    await tenantWith(10_000);
    const client = await sql.connect();
    // What the filling left behind is none of a claim's business, and how soon it goes depends on the server.
    await client.query('vacuum memory.ingestion_jobs');
    // The first call of a session reads the catalogue, too.
    await client.query(EXPLAIN);
    const { rows } = await client.query(EXPLAIN);
    client.release();
    const plan = rows[0]['QUERY PLAN'][0].Plan as Record<string, number>;
    const pages = plan['Shared Hit Blocks']! + plan['Shared Read Blocks']!;
    const ratio = (await medianMs()) / short;
    console.log(
      `a claim reads ${pages} pages with 10,000 jobs queued and takes ${ratio.toFixed(2)} x its time with 10`,
    );
    expect(pages).toBeLessThan(100);
  });

  it('does not come beside another suspect on one worker, so that a deadly document kills no neighbour twice', async () => {
    await tenantWith(3);
    await sql.query(
      `update memory.ingestion_jobs set lost = 1
       where id in (select id from memory.ingestion_jobs order by due_at limit 2)`,
    );
    const suspect = (await next('w1'))!;
    const healthy = (await next('w1'))!;
    expect(await next('w1')).toBeNull();
    const { rows } = await sql.query('select id from memory.ingestion_jobs where lost = 0');
    expect(healthy.jobId).toBe(rows[0].id);
    const elsewhere = (await next('w2'))!;
    expect(elsewhere.jobId).not.toBe(suspect.jobId);
  });

  it('shows a worker nothing of a tenant but the job that it was given', async () => {
    const tenant = await tenantWith(1);
    const lease = (await next())!;
    expect(lease).toMatchObject({ tenant: { tenantId: tenant.tenantId }, attempt: 1, file: { filename: 'a.txt' } });
    expect(await knowledge.rows(knowledge.tenant(), 'select * from memory.ingestion_jobs')).toEqual([]);
    await expect(
      knowledge.memory.withoutTenant((tx) => tx.query(`select memory.next_ingestion_job('w')`)),
    ).rejects.toThrow('permission denied');
  });
});
