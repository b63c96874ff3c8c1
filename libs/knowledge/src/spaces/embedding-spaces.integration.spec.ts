import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { migrate } from '@parley/persistence';
import { createTestDatabase, describeWithServices, type TestDatabase } from '@parley/testing';
import { KnowledgeFixture } from '../fixtures/knowledge.fixture.js';

describeWithServices('embedding spaces', () => {
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

  it('makes a space once, whoever asks first', async () => {
    const spaces = await Promise.all(Array.from({ length: 5 }, () => knowledge.spaces.ensure('text-model', 1536, 0.7)));
    expect(new Set(spaces.map((space) => space.id)).size).toBe(1);
    expect(await knowledge.spaces.find(spaces[0]!.id)).toEqual({
      id: spaces[0]!.id,
      model: 'text-model',
      dimensions: 1536,
      state: 'active',
      tableName: expect.stringMatching(/^embeddings_[0-9a-f]{32}$/),
      vectorWeight: expect.closeTo(0.7),
    });
  });

  it('keeps models and lengths apart', async () => {
    const [small, large] = [await knowledge.spaces.ensure('m', 8), await knowledge.spaces.ensure('m', 4000)];
    expect(small.id).not.toBe(large.id);
  });

  it.each([0, 4001, 1.5])('refuses %d dimensions', async (dimensions) => {
    await expect(knowledge.spaces.ensure('m', dimensions)).rejects.toMatchObject({ code: 'invalid_request' });
  });

  it('stores vectors of the largest length', async () => {
    const space = await knowledge.spaces.ensure('large', 4000);
    const tenant = knowledge.tenant();
    const base = await knowledge.knowledgeBase(tenant);
    const move = 'update memory.knowledge_bases set embedding_space_id = $2 where id = $1';
    await knowledge.rows(tenant, move, [base, space.id]);
    const { jobId } = await knowledge.addDocument(tenant, base);
    const lease = await knowledge.claim(tenant, jobId);
    const embedding = Array.from({ length: 4000 }, (_, index) => Math.sin(index));
    const chunk = { ordinal: 0, text: 'long', tokenCount: 1, locator: {}, embedding };
    await knowledge.writer.write(lease, space, [chunk]);
    await knowledge.ledger.complete(lease, { chunkCount: 1 });
  });

  it('gives a knowledge base its first space and keeps it', async () => {
    const tenant = knowledge.tenant();
    const base = await knowledge.knowledgeBase(tenant);
    await knowledge.rows(tenant, 'update memory.knowledge_bases set embedding_space_id = null where id = $1', [base]);
    const other = await knowledge.spaces.ensure('other', 4);
    expect(await knowledge.spaces.assign(tenant, base, knowledge.space.id)).toEqual(knowledge.space);
    expect(await knowledge.spaces.assign(tenant, base, other.id)).toEqual(knowledge.space);
  });

  it('knows no space or knowledge base that is not there', async () => {
    const tenant = knowledge.tenant();
    const missing = { code: 'not_found' };
    await expect(knowledge.spaces.find(tenant.tenantId)).rejects.toMatchObject(missing);
    const foreign = await knowledge.knowledgeBase(knowledge.tenant());
    await expect(knowledge.spaces.assign(tenant, foreign, knowledge.space.id)).rejects.toMatchObject(missing);
  });
});
