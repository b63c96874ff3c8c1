import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { type TenantContext } from '@parley/contracts';
import { migrate } from '@parley/persistence';
import { createTestDatabase, describeWithServices, type TestDatabase } from '@parley/testing';
import { chunksOf, embed, KnowledgeFixture } from '../fixtures/knowledge.fixture.js';
import { removeDocument, removeKnowledgeBase } from './removal.js';

const TABLES = ['chunks', 'lexical_terms', 'lexical_totals', 'documents', 'ingestion_jobs', 'knowledge_bases'];

describeWithServices('versions of a document', () => {
  let database: TestDatabase;
  let knowledge: KnowledgeFixture;

  beforeAll(async () => {
    database = await createTestDatabase({ prepare: migrate, template: 'migrated' });
    knowledge = await KnowledgeFixture.open(database.url);
  });
  afterAll(async () => {
    await knowledge?.close();
    await database?.drop();
  });

  /** Rows per table, statistics as sums. */
  async function footprint(tenant: TenantContext): Promise<Record<string, number>> {
    const counts: Record<string, number> = {};
    for (const table of [...TABLES, knowledge.space.tableName]) {
      const sum = table.startsWith('lexical') ? 'coalesce(sum(chunks), 0)' : 'count(*)';
      const [row] = await knowledge.rows<{ n: number }>(tenant, `select ${sum}::integer as n from memory.${table}`);
      counts[table === knowledge.space.tableName ? 'embeddings' : table] = row!.n;
    }
    return counts;
  }

  function search(tenant: TenantContext, base: string, text: string): Promise<{ text: string }[]> {
    const embedding = { vector: embed(text), space: knowledge.space };
    return knowledge.search.search(tenant, { knowledgeBaseIds: [base], text, embedding, limit: 50 });
  }

  it('swaps at once: a search sees the old or the new, never both or neither', async () => {
    const tenant = knowledge.tenant();
    const base = await knowledge.knowledgeBase(tenant);
    const textsOf = (version: number) => Array.from({ length: 12 }, (_, part) => `fruit version${version} part${part}`);
    const { documentId } = await knowledge.ingest(tenant, base, textsOf(1));
    const seen = new Set<string>();
    let done = false;
    const searching = Array.from({ length: 3 }, async () => {
      while (!done) {
        const hits = await search(tenant, base, 'fruit');
        seen.add(`${hits.length} of ${[...new Set(hits.map((hit) => hit.text.split(' ')[1]))].join('+')}`);
      }
    });
    for (let version = 2; version <= 12; version++) {
      await knowledge.run(tenant, await knowledge.enqueueVersion(tenant, documentId), textsOf(version));
    }
    done = true;
    await Promise.all(searching);
    const allowed = Array.from({ length: 12 }, (_, index) => `12 of version${index + 1}`);
    expect(seen.size).toBeGreaterThan(2);
    for (const state of seen) expect(allowed).toContain(state);
  });

  it('keeps the old version searchable while the new one is written, and when it fails', async () => {
    const tenant = knowledge.tenant();
    const base = await knowledge.knowledgeBase(tenant);
    const { documentId } = await knowledge.ingest(tenant, base, ['old truth']);
    const lease = await knowledge.claim(tenant, await knowledge.enqueueVersion(tenant, documentId));
    await knowledge.writer.write(lease, knowledge.space, chunksOf(['new truth', 'more truth']));
    expect(await search(tenant, base, 'truth')).toMatchObject([{ text: 'old truth' }]);
    await knowledge.ledger.fail(lease, { code: 'corrupt', message: 'broken' });
    expect(await search(tenant, base, 'truth')).toMatchObject([{ text: 'old truth' }]);
    expect(await footprint(tenant)).toMatchObject({ chunks: 1, embeddings: 1, lexical_totals: 1, lexical_terms: 2 });
  });

  it('leaves the same behind after many versions as after one', async () => {
    const one = knowledge.tenant();
    await knowledge.ingest(one, await knowledge.knowledgeBase(one), ['final text', 'of two chunks']);
    const many = knowledge.tenant();
    const added = await knowledge.ingest(many, await knowledge.knowledgeBase(many), [
      'first',
      'draft',
      'with more chunks',
    ]);
    await knowledge.run(many, await knowledge.enqueueVersion(many, added.documentId), ['second draft']);
    await knowledge.run(many, await knowledge.enqueueVersion(many, added.documentId), ['final text', 'of two chunks']);
    expect(await footprint(many)).toEqual({ ...(await footprint(one)), ingestion_jobs: 3 });
  });

  it('removes a document with everything, also while a worker writes it', async () => {
    const tenant = knowledge.tenant();
    const base = await knowledge.knowledgeBase(tenant);
    const kept = await knowledge.ingest(tenant, base, ['the kept text']);
    const before = await footprint(tenant);
    const removed = await knowledge.ingest(tenant, base, ['the removed text', 'and its second chunk']);
    const lease = await knowledge.claim(tenant, await knowledge.enqueueVersion(tenant, removed.documentId));
    const texts = Array.from({ length: 600 }, (_, index) => `chunk number ${index}`);
    const writing = knowledge.writer.write(lease, knowledge.space, chunksOf(texts));
    const removing = knowledge.memory.withTenant(tenant, (tx) => removeDocument(tx, tenant, removed.documentId));
    const results = await Promise.allSettled([writing, removing]);
    expect(results[1]).toEqual({ status: 'fulfilled', value: true });
    expect(await footprint(tenant)).toEqual(before);
    expect(await search(tenant, base, 'text')).toMatchObject([{ documentId: kept.documentId }]);
    expect(await knowledge.memory.withTenant(tenant, (tx) => removeDocument(tx, tenant, removed.documentId))).toBe(
      false,
    );
  });

  it('removes a knowledge base with everything in it and nothing else', async () => {
    const tenant = knowledge.tenant();
    const kept = await knowledge.knowledgeBase(tenant);
    await knowledge.ingest(tenant, kept, ['the kept text']);
    const before = await footprint(tenant);
    const base = await knowledge.knowledgeBase(tenant);
    for (const text of ['one', 'two', 'three']) await knowledge.ingest(tenant, base, [text, 'and more']);
    await knowledge.addDocument(tenant, base);
    expect(await knowledge.memory.withTenant(tenant, (tx) => removeKnowledgeBase(tx, tenant, base))).toBe(true);
    expect(await footprint(tenant)).toEqual(before);
    expect(await knowledge.memory.withTenant(tenant, (tx) => removeKnowledgeBase(tx, tenant, base))).toBe(false);
  });

  it('removes nothing when the transaction is rolled back', async () => {
    const tenant = knowledge.tenant();
    const base = await knowledge.knowledgeBase(tenant);
    const { documentId } = await knowledge.ingest(tenant, base, ['stays']);
    const before = await footprint(tenant);
    const failing = knowledge.memory.withTenant(tenant, async (tx) => {
      await removeDocument(tx, tenant, documentId);
      throw new Error('changed my mind');
    });
    await expect(failing).rejects.toThrow('changed my mind');
    expect(await footprint(tenant)).toEqual(before);
  });
});
