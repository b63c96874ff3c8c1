import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { type TenantContext } from '@parley/contracts';
import { migrate } from '@parley/persistence';
import { createTestDatabase, describeWithServices, type TestDatabase } from '@parley/testing';
import { embed, KnowledgeFixture } from '../fixtures/knowledge.fixture.js';
import { Neighbors } from './neighbors.js';

const TEXTS = ['zero apples', 'one apple and pears', 'two pears', 'three plums', 'four plums and apples'];

describeWithServices('an explained search', () => {
  let database: TestDatabase;
  let knowledge: KnowledgeFixture;
  let tenant: TenantContext;
  let base: string;
  let documentId: string;

  beforeAll(async () => {
    database = await createTestDatabase({ prepare: migrate, template: 'migrated' });
    knowledge = await KnowledgeFixture.open(database.url);
    tenant = knowledge.tenant();
    base = await knowledge.knowledgeBase(tenant);
    ({ documentId } = await knowledge.ingest(tenant, base, TEXTS));
  });
  afterAll(async () => {
    await knowledge?.close();
    await database?.drop();
  });

  const query = () => ({
    knowledgeBaseIds: [base],
    text: 'apple',
    embedding: { vector: embed('plums'), space: knowledge.space },
    limit: 10,
  });

  it('finds the same, and tells scores and ranks of both legs, the plan, the weights and the time', async () => {
    const { hits, explanation } = await knowledge.search.explain(tenant, query());
    expect(await knowledge.search.search(tenant, query())).toEqual(hits);
    expect(explanation).toMatchObject({
      query: 'apple',
      lexical: { candidates: 3, feedbackTerms: expect.arrayContaining(['appl']) },
      vector: { scan: 'exact', candidates: 5, model: 'bag-of-words', embeddingSpaceId: knowledge.space.id },
      fusion: 'scores',
      weights: { lexical: 0.5, vector: 0.5 },
    });
    expect(Object.keys(explanation.milliseconds)).toEqual(['lexical', 'vector', 'feedback', 'complete']);
    expect(hits.map(({ vectorScore }) => vectorScore)).not.toContain(null);
    expect(hits.filter(({ lexicalScore }) => lexicalScore !== null)).toHaveLength(3);
  });

  it('tells what it did even when it found nothing', async () => {
    const { hits, explanation } = await knowledge.search.explain(tenant, {
      ...query(),
      text: 'x',
      embedding: undefined,
    });
    expect(hits).toEqual([]);
    expect(explanation).toMatchObject({ lexical: { candidates: 0 }, vector: { scan: 'none', candidates: 0 } });
  });

  it('asks for terms of the best chunks in words, not in pairs of characters', async () => {
    const chinese = await knowledge.knowledgeBase(tenant);
    await knowledge.ingest(tenant, chinese, ['追踪即时编译器记录热循环', '编译器生成机器代码', '循环展开']);
    const search = { knowledgeBaseIds: [chinese], text: '编译器记录循环', limit: 10 };
    const { hits, explanation } = await knowledge.search.explain(tenant, search);
    expect(hits.map(({ ordinal }) => ordinal)).toEqual([0, 1, 2]);
    expect(explanation.lexical.feedbackTerms).toEqual([]);
  });

  it('says when the index was used', async () => {
    const { explanation } = await knowledge.search.explain(tenant, { ...query(), plan: { exactBelow: 0 } });
    expect(explanation.vector.scan).toBe('index');
  });

  it('fuses by the weights it is given, by scores or by ranks', async () => {
    const plan = { feedback: null };
    const first = async (lexical: number, vector: number, fusion: 'scores' | 'rrf') =>
      (await knowledge.search.search(tenant, { ...query(), weights: { lexical, vector }, fusion, plan }))[0];
    for (const fusion of ['scores', 'rrf'] as const) {
      expect(await first(1, 0, fusion)).toMatchObject({ lexicalRank: 1 });
      expect(await first(0, 1, fusion)).toMatchObject({ vectorRank: 1 });
    }
    expect(await first(1, 2, 'rrf')).toMatchObject({ text: 'four plums and apples' });
    const hits = await knowledge.search.search(tenant, { ...query(), fusion: 'rrf', plan });
    const reciprocal = (rank: number | null) => (rank === null ? 0 : 1 / (60 + rank));
    const fused = hits.map(({ lexicalRank, vectorRank }) => reciprocal(lexicalRank) + reciprocal(vectorRank));
    hits.forEach(({ score }, index) => expect(score / hits[0]!.score).toBeCloseTo(fused[index]! / fused[0]!, 6));
  });

  it('finds the neighbours of a hit in the version that was searched', async () => {
    const neighbors = new Neighbors(knowledge.memory);
    const hits = await knowledge.search.search(tenant, { ...query(), text: 'one', embedding: undefined });
    const around = await neighbors.of(tenant, hits, 2);
    const ordinals = (ofChunk: string) => around.get(ofChunk)?.map(({ ordinal }) => ordinal);
    expect(ordinals(hits[0]!.chunkId)).toEqual([0, 2, 3]);
    expect(await neighbors.of(knowledge.tenant(), hits, 2)).toEqual(new Map());
    expect(await neighbors.of(tenant, hits, 0)).toEqual(new Map());
    await knowledge.run(tenant, await knowledge.enqueueVersion(tenant, documentId), TEXTS);
    expect(await neighbors.of(tenant, hits, 2)).toEqual(new Map());
  });
});
