import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { type TenantContext } from '@parley/contracts';
import { migrate } from '@parley/persistence';
import { createTestDatabase, describeWithServices, type TestDatabase } from '@parley/testing';
import { embed, KnowledgeFixture } from '../fixtures/knowledge.fixture.js';
import { VectorRecall } from './vector-recall.js';

const BY_INDEX = { exactBelow: 0 };

describeWithServices('the recall of the vector index', () => {
  let database: TestDatabase;
  let knowledge: KnowledgeFixture;
  let recall: VectorRecall;
  let tenant: TenantContext;
  let base: string;

  beforeAll(async () => {
    database = await createTestDatabase({ prepare: migrate, template: 'migrated' });
    knowledge = await KnowledgeFixture.open(database.url);
    recall = new VectorRecall(knowledge.memory);
    tenant = knowledge.tenant();
    base = await knowledge.knowledgeBase(tenant);
    const texts = Array.from({ length: 30 }, (_, index) => `apples and ${'pears '.repeat(index % 7)} plum ${index}`);
    await knowledge.ingest(tenant, base, texts, { year: 2024 });
    await knowledge.ingest(tenant, base, ['apples', 'pears'], { year: 2025 });
  });
  afterAll(async () => {
    await knowledge?.close();
    await database?.drop();
  });

  const query = () => ({
    knowledgeBaseIds: [base],
    embedding: { vector: embed('apples'), space: knowledge.space },
  });

  it('is the share of the nearest chunks that it finds, under a filter too', async () => {
    expect(await recall.measure(tenant, { ...query(), plan: BY_INDEX })).toBe(1);
    const filter = { type: 'eq', key: 'year', value: 2025 } as const;
    expect(await recall.measure(tenant, { ...query(), filter, plan: BY_INDEX })).toBe(1);
  });

  it('is not measured where searches are exact anyway, or have no vector', async () => {
    expect(await recall.measure(tenant, query())).toBeNull();
    expect(await recall.measure(tenant, { ...query(), embedding: undefined })).toBeNull();
    expect(await recall.measure(tenant, { ...query(), knowledgeBaseIds: [], plan: BY_INDEX })).toBeNull();
  });

  it('sees nothing of another tenant', async () => {
    expect(await recall.measure(knowledge.tenant(), { ...query(), plan: BY_INDEX })).toBeNull();
  });
});
