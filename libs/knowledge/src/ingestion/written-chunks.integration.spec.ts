import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { migrate } from '@parley/persistence';
import { createTestDatabase, describeWithServices, type TestDatabase } from '@parley/testing';
import { chunksOf, KnowledgeFixture } from '../fixtures/knowledge.fixture.js';
import { LeaseLostError } from './lease.js';
import { WrittenChunks } from './written-chunks.js';

const TEXTS = ['The first text.', 'The second text.', 'The third text.', 'The fourth text.'];

describeWithServices('chunks that an earlier attempt has written', () => {
  let database: TestDatabase;
  let knowledge: KnowledgeFixture;
  let written: WrittenChunks;

  beforeAll(async () => {
    database = await createTestDatabase({ prepare: migrate, template: 'migrated' });
    knowledge = await KnowledgeFixture.open(database.url);
    written = new WrittenChunks(knowledge.worker);
  });
  afterAll(async () => {
    await knowledge?.close();
    await database?.drop();
  });

  async function interrupted(count: number) {
    const tenant = knowledge.tenant();
    const base = await knowledge.knowledgeBase(tenant);
    const { jobId, documentId } = await knowledge.addDocument(tenant, base);
    const first = await knowledge.claim(tenant, jobId);
    await knowledge.writer.write(first, knowledge.space, chunksOf(TEXTS).slice(0, count));
    await knowledge.ledger.fail(first, { code: 'provider_error', message: 'It is down.', retryInMs: 0 });
    const lease = await knowledge.claim(tenant, jobId);
    const ordinals = async (texts = TEXTS, space = knowledge.space) =>
      (await written.missing(lease, space, chunksOf(texts))).map(({ ordinal }) => ordinal);
    return { tenant, base, jobId, documentId, first, lease, ordinals };
  }

  it('are not missing, and count as written', async () => {
    const { tenant, jobId, lease, ordinals } = await interrupted(3);
    expect(lease.language).toBe('en');
    expect(await ordinals()).toEqual([3]);
    const [job] = await knowledge.rows<{ count: number }>(
      tenant,
      'select chunks_written as count from memory.ingestion_jobs where id = $1',
      [jobId],
    );
    expect(job!.count).toBe(3);
  });

  it('are missing when anything about them has changed', async () => {
    const { ordinals } = await interrupted(3);
    expect(await ordinals(['The first text.', 'Another text.', 'The third text.', 'The fourth text.'])).toEqual([1, 3]);
    const moved = TEXTS.map((text) => text);
    moved.unshift('A new beginning.');
    expect(await ordinals(moved)).toEqual([0, 1, 2, 3, 4]);
  });

  it('are missing from another embedding space', async () => {
    const { ordinals } = await interrupted(3);
    const other = await knowledge.spaces.ensure('another-model', 64);
    expect(await ordinals(TEXTS, other)).toEqual([0, 1, 2, 3]);
  });

  it('belong to their version, document and tenant', async () => {
    const { tenant, base, documentId } = await interrupted(4);
    const next = await knowledge.claim(tenant, await knowledge.enqueueVersion(tenant, documentId));
    expect(await written.missing(next, knowledge.space, chunksOf(TEXTS))).toHaveLength(4);
    const other = await knowledge.addDocument(tenant, base);
    const lease = await knowledge.claim(tenant, other.jobId);
    expect(await written.missing(lease, knowledge.space, chunksOf(TEXTS))).toHaveLength(4);
  });

  it('are not asked for by a worker that has lost its lease', async () => {
    const { first } = await interrupted(2);
    await expect(written.missing(first, knowledge.space, chunksOf(TEXTS))).rejects.toBeInstanceOf(LeaseLostError);
  });
});
