import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { type TenantContext } from '@parley/contracts';
import { migrate } from '@parley/persistence';
import { createTestDatabase, describeWithServices, eventually, type TestDatabase } from '@parley/testing';
import { chunksOf, KnowledgeFixture } from '../fixtures/knowledge.fixture.js';
import { type Lease, LeaseLostError } from './lease.js';

describeWithServices('the ingestion ledger', () => {
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

  const LEASE = { leaseMs: 60_000 };
  const document = async (id: string) =>
    (
      await knowledge.rows<Record<string, unknown>>(
        tenant,
        `select status, progress_percent as percent, error_code as code, error_message as message,
           latest_version as latest, active_version as active, chunk_count as chunks, usage_bytes::integer as bytes
         from memory.documents where id = $1`,
        [id],
      )
    )[0];
  const job = async (id: string) =>
    (
      await knowledge.rows<Record<string, unknown>>(tenant, 'select * from memory.ingestion_jobs where id = $1', [id])
    )[0];
  const countOf = async (table: string) =>
    (await knowledge.rows<{ count: number }>(tenant, `select count(*)::integer as count from ${table}`))[0]!.count;
  const loseLease = (lease: Lease) =>
    knowledge.rows(tenant, `update memory.ingestion_jobs set lease_until = now() - interval '1 second' where id = $1`, [
      lease.jobId,
    ]);

  it('gives a worker all that it needs', async () => {
    const { documentId, jobId, fileId } = await knowledge.addDocument(tenant, base);
    expect(await knowledge.ledger.claim(tenant, jobId, LEASE)).toEqual({
      outcome: 'claimed',
      lease: {
        jobId,
        token: expect.any(String),
        tenant,
        attempt: 1,
        failures: 0,
        maxAttempts: 5,
        postponements: 0,
        outageMs: null,
        leaseMs: 60_000,
        documentId,
        version: 1,
        knowledgeBaseId: base,
        file: { id: fileId, filename: 'notes.txt', contentType: 'text/plain', bytes: 7, blobKey: `blob/${fileId}` },
        chunking: null,
        embeddingSpace: knowledge.space,
        language: null,
        traceparent: null,
        firstAttemptTraceparent: null,
      },
    });
    expect(await document(documentId)).toMatchObject({ status: 'parsing', latest: 1, active: null });
  });

  it('gives a job to one of many workers that ask at once, and tells the others to come back', async () => {
    const { jobId } = await knowledge.addDocument(tenant, base);
    const claims = await Promise.all(Array.from({ length: 6 }, () => knowledge.ledger.claim(tenant, jobId, LEASE)));
    const busy = claims.filter((claim) => claim.outcome === 'busy');
    expect(claims.filter((claim) => claim.outcome === 'claimed')).toHaveLength(1);
    expect(busy).toHaveLength(5);
    for (const claim of busy) expect(claim).toMatchObject({ retryAfterMs: expect.any(Number) });
  });

  it('lets another worker take over when a lease has ended, and refuses everything from the one before', async () => {
    const { documentId, jobId } = await knowledge.addDocument(tenant, base);
    const late = await knowledge.claim(tenant, jobId, 1);
    await knowledge.writer.write(
      { ...late, leaseMs: 1 },
      knowledge.space,
      chunksOf(['from the late worker', 'and more']),
    );
    const lease = await eventually(() => knowledge.claim(tenant, jobId));
    expect(lease).toMatchObject({ attempt: 2, language: expect.any(String) });

    const { ledger, writer, space } = knowledge;
    for (const attempt of [
      () => writer.write(late, space, chunksOf(['late'])),
      () => ledger.heartbeat(late, { percent: 50 }),
      () => ledger.advance(late, 'indexing'),
      () => ledger.fail(late, { code: 'corrupt', message: 'late' }),
      () => ledger.complete(late, { chunkCount: 2 }),
    ]) {
      await expect(attempt()).rejects.toBeInstanceOf(LeaseLostError);
    }
    await writer.write(lease, space, chunksOf(['from the new worker']));
    await ledger.complete(lease, { chunkCount: 1 });
    const texts = await knowledge.rows(tenant, 'select text from memory.chunks where document_id = $1', [documentId]);
    expect(texts).toEqual([{ text: 'from the new worker' }]);
  });

  it('keeps a lease that is renewed although its first time is over', async () => {
    const { jobId } = await knowledge.addDocument(tenant, base);
    const lease = await knowledge.claim(tenant, jobId);
    await loseLease(lease);
    await knowledge.ledger.heartbeat(lease);
    expect(await knowledge.ledger.claim(tenant, jobId, LEASE)).toMatchObject({ outcome: 'busy' });
  });

  it('shows progress on document and job', async () => {
    const { documentId, jobId } = await knowledge.addDocument(tenant, base);
    const lease = await knowledge.claim(tenant, jobId);
    await knowledge.ledger.advance(lease, 'embedding');
    await knowledge.ledger.heartbeat(lease, { percent: 41.6, chunksTotal: 9 });
    expect(await document(documentId)).toMatchObject({ status: 'embedding', percent: 42 });
    await knowledge.ledger.heartbeat(lease);
    expect(await job(jobId)).toMatchObject({ status: 'embedding', progress_percent: 42, chunks_total: 9 });
  });

  it('completes once, with counts and bytes', async () => {
    const { documentId, jobId } = await knowledge.addDocument(tenant, base);
    const lease = await knowledge.claim(tenant, jobId);
    await knowledge.writer.write(lease, knowledge.space, chunksOf(['äpfel', 'birnen']));
    await knowledge.ledger.complete(lease, { chunkCount: 2 });
    const completed = { status: 'completed', percent: 100, active: 1, chunks: 2, bytes: 12, code: null };
    expect(await document(documentId)).toMatchObject(completed);
    await expect(knowledge.ledger.complete(lease, { chunkCount: 2 })).rejects.toBeInstanceOf(LeaseLostError);
    expect(await knowledge.ledger.claim(tenant, jobId, LEASE)).toEqual({ outcome: 'finished' });
  });

  it('does not complete a document whose chunks are not all there', async () => {
    const { documentId, jobId } = await knowledge.addDocument(tenant, base);
    const lease = await knowledge.claim(tenant, jobId);
    await knowledge.writer.write(lease, knowledge.space, chunksOf(['one', 'two']));
    await expect(knowledge.ledger.complete(lease, { chunkCount: 3 })).rejects.toThrow('Not all 3 chunks');
    expect(await document(documentId)).toMatchObject({ active: null, chunks: 0 });
    expect(await job(jobId)).toMatchObject({ status: 'parsing', lease_token: lease.token });
  });

  it('writes twice what is there once, and drops what a longer attempt left behind', async () => {
    const { documentId, jobId } = await knowledge.addDocument(tenant, base);
    const lease = await knowledge.claim(tenant, jobId);
    await knowledge.writer.write(lease, knowledge.space, chunksOf(['one', 'two', 'left behind']));
    await knowledge.writer.write(lease, knowledge.space, chunksOf(['one', 'two again']));
    await knowledge.ledger.complete(lease, { chunkCount: 2 });
    const chunks = await knowledge.rows(
      tenant,
      'select ordinal, text from memory.chunks where document_id = $1 order by ordinal',
      [documentId],
    );
    expect(chunks).toEqual([
      { ordinal: 0, text: 'one' },
      { ordinal: 1, text: 'two again' },
    ]);
    expect(await countOf(`memory.${knowledge.space.tableName}`)).toBe(2);
  });

  it('queues a failed job again until its attempts are used up, then removes what it wrote', async () => {
    const { documentId, jobId } = await knowledge.addDocument(tenant, base);
    const failure = { code: 'provider_error', message: 'busy', retryInMs: 5_000 } as const;
    const first = await knowledge.claim(tenant, jobId);
    expect(await knowledge.ledger.fail(first, failure)).toBe('retried');
    const { due_at: dueAt, ...queued } = (await job(jobId))!;
    expect(queued).toMatchObject({ status: 'queued', failures: 1, error_code: 'provider_error' });
    expect(Number(dueAt) - Date.now()).toBeGreaterThan(3_000);
    expect(await document(documentId)).toMatchObject({ status: 'queued', code: null });

    await knowledge.rows(tenant, 'update memory.ingestion_jobs set failures = 4 where id = $1', [jobId]);
    const last = await knowledge.claim(tenant, jobId);
    await knowledge.writer.write(last, knowledge.space, chunksOf(['half a document']));
    expect(await knowledge.ledger.fail(last, failure)).toBe('failed');
    expect(await document(documentId)).toMatchObject({ status: 'failed', code: 'provider_error', message: 'busy' });
    expect(await countOf('memory.chunks')).toBe(0);
    expect(await knowledge.ledger.claim(tenant, jobId, LEASE)).toEqual({ outcome: 'finished' });
  });

  it('fails at once without a time to retry at', async () => {
    const { documentId, jobId } = await knowledge.addDocument(tenant, base);
    const lease = await knowledge.claim(tenant, jobId);
    expect(await knowledge.ledger.fail(lease, { code: 'encrypted', message: 'It needs a password.' })).toBe('failed');
    expect(await document(documentId)).toMatchObject({ status: 'failed', code: 'encrypted' });
  });

  it('gives up a job whose workers die without a word', async () => {
    const { documentId, jobId } = await knowledge.addDocument(tenant, base);
    for (let attempt = 1; attempt <= 5; attempt++) await loseLease(await knowledge.claim(tenant, jobId));
    expect(await knowledge.ledger.claim(tenant, jobId, LEASE)).toEqual({ outcome: 'finished' });
    expect(await document(documentId)).toMatchObject({
      status: 'failed',
      code: 'worker_lost',
      message: expect.stringContaining('5 workers'),
    });
  });

  it('cancels the unfinished job for an older version', async () => {
    const { documentId, jobId } = await knowledge.addDocument(tenant, base);
    const lease = await knowledge.claim(tenant, jobId);
    await knowledge.writer.write(lease, knowledge.space, chunksOf(['old']));
    const newer = await knowledge.enqueueVersion(tenant, documentId);
    await expect(knowledge.ledger.heartbeat(lease)).rejects.toBeInstanceOf(LeaseLostError);
    expect(await knowledge.ledger.claim(tenant, jobId, LEASE)).toEqual({ outcome: 'finished' });
    await knowledge.run(tenant, newer, ['new']);
    expect(await document(documentId)).toMatchObject({ status: 'completed', latest: 2, active: 2 });
    expect(await countOf('memory.chunks')).toBe(1);
  });

  it('knows no job of another tenant, and no job that was deleted', async () => {
    const { jobId } = await knowledge.addDocument(tenant, base);
    const other = knowledge.tenant();
    expect(await knowledge.ledger.claim(other, jobId, LEASE)).toEqual({ outcome: 'finished' });
    const lease = await knowledge.claim(tenant, jobId);
    await expect(knowledge.ledger.heartbeat({ ...lease, tenant: other })).rejects.toBeInstanceOf(LeaseLostError);
    expect(await knowledge.ledger.claim(tenant, tenant.userId, LEASE)).toEqual({ outcome: 'finished' });
  });

  it('stores any text, with characters that Postgres refuses left out', async () => {
    const { documentId, jobId } = await knowledge.addDocument(tenant, base);
    const lease = await knowledge.claim(tenant, jobId);
    const [chunk] = chunksOf(['nul \0 and half a pair \ud800']);
    const locator = { headings: ['a\0b', '\udfff'] };
    await knowledge.writer.write(lease, knowledge.space, [{ ...chunk!, locator }]);
    await knowledge.ledger.complete(lease, { chunkCount: 1 });
    const rows = await knowledge.rows(tenant, 'select text, locator from memory.chunks where document_id = $1', [
      documentId,
    ]);
    expect(rows).toEqual([{ text: 'nul  and half a pair \ufffd', locator: { headings: ['ab', '\ufffd'] } }]);
  });
});
