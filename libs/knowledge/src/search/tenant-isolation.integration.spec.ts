import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { type TenantContext } from '@parley/contracts';
import { migrate } from '@parley/persistence';
import { createTestDatabase, describeWithServices, type TestDatabase } from '@parley/testing';
import { type AddedDocument, chunksOf, embed, KnowledgeFixture } from '../fixtures/knowledge.fixture.js';
import { removeDocument, removeKnowledgeBase } from '../ingestion/removal.js';

describeWithServices('another tenant', () => {
  let database: TestDatabase;
  let knowledge: KnowledgeFixture;
  let owner: TenantContext;
  let stranger: TenantContext;
  let base: string;
  let added: AddedDocument;

  beforeAll(async () => {
    database = await createTestDatabase({ prepare: migrate, template: 'migrated' });
    knowledge = await KnowledgeFixture.open(database.url);
    owner = knowledge.tenant();
    stranger = knowledge.tenant();
    base = await knowledge.knowledgeBase(owner);
    added = await knowledge.ingest(owner, base, ['a secret recipe']);
  });
  afterAll(async () => {
    await knowledge?.close();
    await database?.drop();
  });

  it.each([
    'files',
    'knowledge_bases',
    'documents',
    'ingestion_jobs',
    'chunks',
    'lexical_terms',
    'lexical_totals',
    'embeddings',
  ])('sees nothing of %s, and nobody does without a tenant', async (name) => {
    const table = name === 'embeddings' ? knowledge.space.tableName : name;
    const sql = `select count(*)::integer as count from memory.${table}`;
    expect(await knowledge.rows(owner, sql)).not.toEqual([{ count: 0 }]);
    expect(await knowledge.rows(stranger, sql)).toEqual([{ count: 0 }]);
    expect(await knowledge.memory.withoutTenant((tx) => tx.query(sql))).toEqual([{ count: 0 }]);
  });

  it('finds nothing in a foreign knowledge base', async () => {
    const embedding = { vector: embed('secret'), space: knowledge.space };
    const query = { knowledgeBaseIds: [base], text: 'secret', embedding, limit: 10 };
    expect(await knowledge.search.search(owner, query)).toHaveLength(1);
    expect(await knowledge.search.search(stranger, query)).toEqual([]);
  });

  const CALLS: [string, (tenantId: string) => [string, unknown[]]][] = [
    [
      'search_chunks',
      (id) => [`select * from memory.search_chunks($1, $2, '[]', null, null, null, '{}')`, [id, [base]]],
    ],
    ['remove_document', (id) => ['select memory.remove_document($1, $2)', [id, added.documentId]]],
    ['remove_knowledge_base', (id) => ['select memory.remove_knowledge_base($1, $2)', [id, base]]],
    ['activate_version', (id) => ['select memory.activate_version($1, $2, 1, 0)', [id, added.documentId]]],
    ['discard_inactive_versions', (id) => ['select memory.discard_inactive_versions($1, $2)', [id, added.documentId]]],
  ];

  it.each(CALLS)('is refused by %s when it names the owner', async (_name, call) => {
    const [sql, parameters] = call(owner.tenantId);
    await expect(knowledge.rows(stranger, sql, parameters)).rejects.toThrow('not the tenant of this transaction');
    const withoutTenant = knowledge.memory.withoutTenant((tx) => tx.query(sql, parameters));
    await expect(withoutTenant).rejects.toThrow('not the tenant of this transaction');
  });

  it.each([
    'lexical_candidates',
    'vector_candidates',
    'vector_scores',
    'scored_candidates',
    'lexical_weights',
    'feedback_terms',
    'nearest_exactly',
    'nearest_by_index',
    'count_version',
    'delete_chunks',
  ])('cannot call %s, which checks no tenant', async (name) => {
    const [row] = await knowledge.rows(
      stranger,
      `select bool_or(has_function_privilege(r.role, p.oid, 'execute')) as allowed
         from pg_proc p, unnest(array['parley_memory', 'parley_worker', 'parley_gateway', 'public']) as r(role)
         where p.pronamespace = 'memory'::regnamespace and p.proname = $1`,
      [name],
    );
    expect(row).toEqual({ allowed: false });
  });

  it('removes and writes nothing of the owner', async () => {
    await knowledge.memory.withTenant(stranger, async (tx) => {
      expect(await removeDocument(tx, stranger, added.documentId)).toBe(false);
      expect(await removeKnowledgeBase(tx, stranger, base)).toBe(false);
    });
    const { documentId } = await knowledge.addDocument(owner, base);
    const jobId = await knowledge.enqueueVersion(owner, documentId);
    const lease = await knowledge.claim(owner, jobId);
    const write = knowledge.writer.write({ ...lease, tenant: stranger }, knowledge.space, chunksOf(['planted']));
    await expect(write).rejects.toThrow('lost');
  });

  it('cannot refer to a foreign knowledge base', async () => {
    await expect(knowledge.addDocument(stranger, base)).rejects.toThrow('foreign key');
  });
});
