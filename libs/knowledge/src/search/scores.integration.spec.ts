import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { type TenantContext } from '@parley/contracts';
import { migrate } from '@parley/persistence';
import { createTestDatabase, describeWithServices, type TestDatabase } from '@parley/testing';
import { termHash } from '../analysis/term-vector.js';
import { embed, KnowledgeFixture } from '../fixtures/knowledge.fixture.js';

const PLANES = [
  'The wing of the aircraft carries the load in level flight.',
  'The propeller drives the aircraft through the air.',
  'A slipstream is the air behind the propeller of an aircraft.',
  'The rudder steers the aircraft to the left and to the right.',
  'The tail keeps the aircraft stable in flight.',
];

describeWithServices('the score of a hit', () => {
  let database: TestDatabase;
  let knowledge: KnowledgeFixture;
  let tenant: TenantContext;
  let base: string;

  beforeAll(async () => {
    database = await createTestDatabase({ prepare: migrate, template: 'migrated' });
    knowledge = await KnowledgeFixture.open(database.url);
    tenant = knowledge.tenant();
    base = await knowledge.knowledgeBase(tenant);
    for (const text of PLANES) await knowledge.ingest(tenant, base, [text]);
  });
  afterAll(async () => {
    await knowledge?.close();
    await database?.drop();
  });

  const find = (text: string, query = {}) =>
    knowledge.search.search(tenant, { knowledgeBaseIds: [base], text, limit: 5, ...query });
  const bestScore = async (text: string, query = {}) => (await find(text, query))[0]?.score ?? 0;

  it('is high for a question that a chunk has the words of, and low for one about something else', async () => {
    expect(await bestScore('What is a slipstream behind a propeller?')).toBeGreaterThan(0.7);
    expect(await bestScore('How do I bake bread with sourdough in the air of an oven?')).toBeLessThan(0.4);
    expect(await bestScore('sourdough')).toBe(0);
  });

  it('is the cosine where words say nothing', async () => {
    const embedding = { vector: embed(PLANES[3]!), space: knowledge.space };
    expect(await bestScore('', { embedding })).toBeCloseTo(1, 2);
    const [best] = await find('', { embedding: { ...embedding, vector: embed('rudder sails boats') } });
    expect(best!.score).toBeCloseTo(best!.vectorScore!, 6);
    expect(best!.score).toBeLessThan(0.7);
  });

  it('is the same whatever the limit, and what a threshold is compared with', async () => {
    const all = await find('the propeller of an aircraft');
    expect(await find('the propeller of an aircraft', { limit: 2 })).toEqual(all.slice(0, 2));
    const scoreThreshold = all[1]!.score;
    expect(await find('the propeller of an aircraft', { scoreThreshold })).toEqual(all.slice(0, 2));
  });

  it('lets feedback order what the words of the query leave equal, and change no BM25', async () => {
    const related = await knowledge.knowledgeBase(tenant);
    const texts = [
      'comet tail of ice and dust',
      'comet ice dust and gas',
      'comet wine is a good vintage',
      'ice and dust',
    ];
    for (const text of texts) await knowledge.ingest(tenant, related, [text]);
    const query = { knowledgeBaseIds: [related], text: 'comet tail', limit: 5 };
    const plain = await knowledge.search.search(tenant, { ...query, plan: { feedback: null } });
    const fed = await knowledge.search.search(tenant, query);
    expect(fed[1]!.text).toBe('comet ice dust and gas');
    const bm25 = (hits: typeof fed) => new Map(hits.map((hit) => [hit.text, hit.lexicalScore]));
    expect(bm25(fed)).toEqual(bm25(plain));
    expect(fed[1]!.score).toBeGreaterThan(fed[2]!.score);
  });

  it('scores what only the vector found by its words, exactly', async () => {
    const embedding = { vector: embed('rudder'), space: knowledge.space };
    const [words, both] = [await find('aircraft flight'), await find('aircraft flight', { embedding })];
    const scores = new Map(words.map((hit) => [hit.chunkId, hit.lexicalScore]));
    for (const hit of both) expect(hit.lexicalScore).toBeCloseTo(scores.get(hit.chunkId)!, 6);
  });

  it('hashes terms in the database as the library does', async () => {
    const terms = ['wing', 'häuser', 'дом', '老城', 'ปลา', '𝒳𝒴', 'a', 'x'.repeat(64)];
    const sql = 'select memory.term_hash(t.term) as hash from unnest($1::text[]) as t(term)';
    const rows = await knowledge.rows(tenant, sql, [terms]);
    expect(rows).toEqual(terms.map((term) => ({ hash: termHash(term) })));
  });
});
