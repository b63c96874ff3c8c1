import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import {
  CancelIngestion,
  DiscardDeadLetters,
  GetDeadLetter,
  GetDocument,
  GetIngestionJob,
  GetIngestionProgress,
  ListDeadLetters,
  ListIngestionJobs,
  ReplayDeadLetters,
  type TenantContext,
} from '@parley/contracts';
import { IngestionLedger, type Lease } from '@parley/knowledge';
import { Database, migrate } from '@parley/persistence';
import {
  createTestDatabase,
  createTestVhost,
  describeWithServices,
  metricValue,
  type TestDatabase,
} from '@parley/testing';
import { v7 as uuidv7 } from 'uuid';
import { RunningMemory, someTenant } from '../fixtures/running-memory.fixture.js';

const SAME = 'c'.repeat(64);
const PAGE = { limit: 20, order: 'desc' } as const;

describeWithServices('ingestion jobs', () => {
  let database: TestDatabase;
  let vhost: { url: string; drop(): Promise<void> };
  let uploadDir: string;
  let memory: RunningMemory;
  let worker: Database;
  let ledger: IngestionLedger;
  let tenant: TenantContext;
  let knowledgeBaseId: string;

  beforeAll(async () => {
    uploadDir = await mkdtemp(join(tmpdir(), 'parley-jobs-'));
    [database, vhost] = await Promise.all([
      createTestDatabase({ prepare: migrate, template: 'migrated' }),
      createTestVhost(),
    ]);
    memory = await RunningMemory.start({ databaseUrl: database.url, rabbitmqUrl: vhost.url, uploadDir });
    // It would take the job back whose worker is silent here.
    const { JobSweeper } = await import('./job-sweeper.js');
    await memory.app.get(JobSweeper).onModuleDestroy();
    const options = { url: database.url, schema: 'memory', entities: [], poolSize: 2, statementTimeoutMs: 10_000 };
    worker = new Database({ ...options, role: 'parley_worker' });
    ledger = new IngestionLedger(worker);
  });
  afterAll(async () => {
    await memory?.stop();
    await worker?.onApplicationShutdown();
    await Promise.all([database?.drop(), vhost?.drop()]);
    await rm(uploadDir, { recursive: true, force: true });
  });
  beforeEach(async () => {
    tenant = someTenant();
    knowledgeBaseId = (await memory.createKnowledgeBase(tenant)).id;
  });

  async function add(sha256?: string): Promise<{ knowledgeBaseId: string; fileId: string }> {
    const { id: fileId } = await memory.registerFile(tenant, sha256 ? { sha256 } : {});
    await memory.addDocument(tenant, { knowledgeBaseId, fileId });
    return { knowledgeBaseId, fileId };
  }
  const job = (document: { knowledgeBaseId: string; fileId: string }, as = tenant) =>
    memory.ask(GetIngestionJob, document, as);
  async function claim(document: { knowledgeBaseId: string; fileId: string }): Promise<Lease> {
    const { id } = await job(document);
    const taken = await ledger.claim(tenant, id, { leaseMs: 60_000, worker: 'host:1' });
    if (taken.outcome !== 'claimed') throw new Error(taken.outcome);
    return taken.lease;
  }
  const failed = async () => {
    const document = await add();
    await ledger.fail(await claim(document), { code: 'provider_error', message: 'It refused.' });
    return { document, id: (await job(document)).id };
  };
  const attemptsAt = ({ jobId }: Lease) =>
    worker.withTenant(tenant, (tx) =>
      tx.query(
        `select number, stage, outcome, ended_at is not null as "isOver" from memory.ingestion_attempts
         where job_id = $1 order by number`,
        [jobId],
      ),
    );
  const replay = (fields: object = {}, as = tenant) => memory.ask(ReplayDeadLetters, { limit: 100, ...fields }, as);

  it('tell a waiting job from one in a pause, with its place in the queue', async () => {
    const [first, second, third] = [await add(), await add(), await add()];
    expect(await job(third)).toMatchObject({ status: 'queued', condition: 'waiting', jobsAhead: 2, error: null });
    const failure = { code: 'provider_error', message: 'Slow down.', retryInMs: 60_000 } as const;
    await ledger.fail(await claim(first), failure);
    const paused = await job(first);
    expect(paused).toMatchObject({ status: 'queued', condition: 'paused', jobsAhead: null, attempt: 1, failures: 1 });
    expect(paused.error).toEqual({ code: 'provider_error', message: 'Slow down.' });
    expect(Date.parse(paused.dueAt!)).toBeGreaterThan(Date.now() + 30_000);
    expect(await job(second)).toMatchObject({ condition: 'waiting', jobsAhead: 0 });
  });

  it('tell a running job, its counts and heartbeat, from one whose worker is silent', async () => {
    const document = await add();
    const before = await job(document);
    const lease = await claim(document);
    await ledger.advance(lease, 'embedding');
    await ledger.heartbeat(lease, { percent: 25, chunksTotal: 8 });
    const running = await job(document);
    expect(running).toMatchObject({ status: 'embedding', condition: 'running', progressPercent: 25, chunksTotal: 8 });
    expect([Date.parse(running.heartbeatAt!), Date.parse(running.leaseUntil!)]).not.toContain(Number.NaN);
    expect(running.revision).toBeGreaterThan(before.revision);
    const listed = async (status: 'running' | 'stalled') =>
      (await memory.ask(ListIngestionJobs, { ...PAGE, status }, tenant)).data.map(({ id }) => id);
    expect([await listed('running'), await listed('stalled')]).toEqual([[running.id], []]);
    await worker.withTenant(tenant, (tx) =>
      tx.query(`update memory.ingestion_jobs set lease_until = now() - interval '1 s' where id = $1`, [lease.jobId]),
    );
    expect(await job(document)).toMatchObject({ status: 'embedding', condition: 'stalled' });
    expect([await listed('running'), await listed('stalled')]).toEqual([[], [running.id]]);
  });

  it('are cancelled, twice as well as once, and another tenant finds none', async () => {
    const document = await add();
    const lease = await claim(document);
    const counted = () => metricValue('parley_ingestion_finished_total', { outcome: 'cancelled' });
    const before = await counted();
    await expect(memory.ask(CancelIngestion, document, someTenant())).rejects.toMatchObject({ code: 'not_found' });
    for (let time = 0; time < 2; time++) {
      expect(await memory.ask(CancelIngestion, document, tenant)).toMatchObject({
        status: 'cancelled',
        condition: 'ended',
      });
    }
    expect((await counted()) - before).toBe(1);
    expect(await ledger.holds(lease)).toBe(false);
    expect(await memory.ask(GetDocument, document, tenant)).toMatchObject({ status: 'cancelled', error: null });
    await expect(job(document, someTenant())).rejects.toMatchObject({ code: 'not_found' });
  });

  it('go on for the others when one of several files with the same content is cancelled, which has an end of its own', async () => {
    const [first, second] = [await add(SAME), await add(SAME)];
    const lease = await claim(first);
    const cancel = (document: typeof first) => memory.ask(CancelIngestion, document, tenant);
    const unbegun = { status: 'cancelled', condition: 'ended', version: 0, attempt: 0, error: null, dueAt: null };
    const parted = await cancel(second);
    expect(parted).toMatchObject({ ...unbegun, fileId: second.fileId, filename: 'notes.txt' });
    expect(await job(second)).toEqual(parted);
    expect(await job(first)).toMatchObject({ id: lease.jobId, status: 'parsing', condition: 'running' });

    const third = await add(SAME);
    expect(await cancel(first)).toMatchObject({ ...unbegun, fileId: first.fileId });
    expect(await cancel(first)).toMatchObject(unbegun);
    expect(await job(third)).toMatchObject({ status: 'queued', condition: 'waiting', version: 2, attempt: 0 });
    expect(await ledger.holds(lease)).toBe(false);
    expect(await attemptsAt(lease)).toEqual([{ number: 1, stage: 'parsing', outcome: 'superseded', isOver: true }]);
    await expect(job(second, someTenant())).rejects.toMatchObject({ code: 'not_found' });

    await memory.addDocument(tenant, second);
    expect(await job(second)).toMatchObject({ status: 'queued', version: 2 });
  });

  it('close the attempt that was under way when they are cancelled', async () => {
    const document = await add();
    const lease = await claim(document);
    await ledger.advance(lease, 'embedding');
    await memory.ask(CancelIngestion, document, tenant);
    expect(await attemptsAt(lease)).toEqual([{ number: 1, stage: 'embedding', outcome: 'cancelled', isOver: true }]);
  });

  it('are listed in pages, each in its place, of one tenant and one knowledge base', async () => {
    for (let count = 0; count < 5; count++) await add();
    const seen: string[] = [];
    let after: string | undefined;
    for (;;) {
      const page = await memory.ask(ListIngestionJobs, { ...PAGE, limit: 2, ...(after ? { after } : {}) }, tenant);
      seen.push(...page.data.map(({ id }) => id));
      after = seen.at(-1)!;
      if (!page.hasMore) break;
    }
    const all = await memory.ask(ListIngestionJobs, { ...PAGE, status: 'queued', knowledgeBaseId }, tenant);
    expect(seen).toEqual(all.data.map(({ id }) => id));
    expect(new Set(seen).size).toBe(5);
    const before = await memory.ask(ListIngestionJobs, { ...PAGE, limit: 2, before: seen[3]! }, tenant);
    expect(before.data.map(({ id }) => id)).toEqual(seen.slice(1, 3));
    expect((await memory.ask(ListIngestionJobs, PAGE, someTenant())).data).toEqual([]);
    const stranger = memory.ask(ListIngestionJobs, { ...PAGE, after: seen[0]! }, someTenant());
    await expect(stranger).rejects.toMatchObject({ code: 'invalid_request', param: 'after' });
  });

  it('are counted for a knowledge base', async () => {
    const { document } = await failed();
    await add();
    const progress = await memory.ask(GetIngestionProgress, { id: document.knowledgeBaseId }, tenant);
    expect(progress).toMatchObject({ counts: { queued: 1, failed: 1, completed: 0 }, total: 2, progressPercent: 50 });
    const stranger = memory.ask(GetIngestionProgress, { id: document.knowledgeBaseId }, someTenant());
    await expect(stranger).rejects.toMatchObject({ code: 'not_found' });
  });

  it('are dead letters once they have failed, with the history of their attempts', async () => {
    const { id } = await failed();
    const list = await memory.ask(ListDeadLetters, { ...PAGE, code: 'provider_error', knowledgeBaseId }, tenant);
    expect(list.data).toMatchObject([{ id, status: 'failed', error: { message: 'It refused.' } }]);
    expect((await memory.ask(ListDeadLetters, { ...PAGE, code: 'corrupt' }, tenant)).data).toEqual([]);
    expect((await memory.ask(ListDeadLetters, PAGE, someTenant())).data).toEqual([]);
    expect(await memory.ask(GetDeadLetter, { id }, tenant)).toMatchObject({
      id,
      attempts: [
        { number: 1, worker: 'host:1', stage: 'parsing', outcome: 'failed', error: { code: 'provider_error' } },
      ],
    });
    await expect(memory.ask(GetDeadLetter, { id }, someTenant())).rejects.toMatchObject({ code: 'not_found' });
  });

  it('are replayed once, with all their attempts, by their own tenant alone', async () => {
    const { document, id } = await failed();
    expect(await replay({ ids: [id] }, someTenant())).toEqual({ ids: [], remaining: 0 });
    const replays = await Promise.all([replay({ ids: [id] }), replay({ ids: [id] }), replay()]);
    expect(replays.flatMap(({ ids }) => ids)).toEqual([id]);
    expect(await job(document)).toMatchObject({
      id,
      status: 'queued',
      condition: 'waiting',
      failures: 0,
      finishedAt: null,
    });
    expect(await memory.ask(GetDocument, document, tenant)).toMatchObject({ status: 'queued', error: null });
    expect((await memory.ask(ListDeadLetters, PAGE, tenant)).data).toEqual([]);
    expect((await claim(document)).attempt).toBe(2);
  });

  it('are replayed in batches, oldest first, until none is left', async () => {
    const ids: string[] = [];
    for (let count = 0; count < 3; count++) ids.push((await failed()).id);
    expect(await replay({ limit: 2, code: 'provider_error' })).toEqual({
      ids: expect.arrayContaining(ids.slice(0, 2)),
      remaining: 1,
    });
    expect(await replay({ knowledgeBaseId: uuidv7() })).toEqual({ ids: [], remaining: 0 });
    expect(await replay({ limit: 2 })).toEqual({ ids: [ids[2]], remaining: 0 });
  });

  it('are forgotten as dead letters when they are discarded or their file is attached again', async () => {
    const [discarded, again] = [await failed(), await failed()];
    const discard = () => memory.ask(DiscardDeadLetters, { ids: [discarded.id], limit: 1 }, tenant);
    expect((await discard()).ids).toEqual([discarded.id]);
    expect((await discard()).ids).toEqual([]);
    await memory.addDocument(tenant, again.document);
    expect((await memory.ask(ListDeadLetters, PAGE, tenant)).data).toEqual([]);
    expect(await memory.ask(GetDocument, discarded.document, tenant)).toMatchObject({ status: 'failed' });
  });
});
