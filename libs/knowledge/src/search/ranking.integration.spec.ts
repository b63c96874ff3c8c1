import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { type TenantContext } from '@parley/contracts';
import { migrate } from '@parley/persistence';
import { createTestDatabase, describeWithServices, type TestDatabase } from '@parley/testing';
import { analyse } from '../analysis/analyse.js';
import { BM25 } from '../analysis/term-vector.js';
import { embed, KnowledgeFixture } from '../fixtures/knowledge.fixture.js';
import { removeDocument } from '../ingestion/removal.js';

const SUBJECTS = ['wing', 'wings', 'tail', 'engine', 'propeller', 'fuselage', 'slipstream', 'rudder'];
const VERBS = ['lifts', 'lifted', 'turns', 'turning', 'heats', 'cools'];
const LIMIT = 50;

/** Texts of very different length, with repeated words; the same ones in every run. */
function corpus(size: number): string[] {
  let state = 1;
  const next = (bound: number) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * bound);
  };
  return Array.from({ length: size }, (_, index) => {
    const words = Array.from({ length: 3 + next(next(5) === 0 ? 120 : 12) }, () =>
      next(3) === 0 ? VERBS[next(VERBS.length)] : SUBJECTS[Math.min(next(SUBJECTS.length), next(SUBJECTS.length))],
    );
    return `The ${words.join(' and the ')} of aircraft number${index % 17}`;
  });
}

/** BM25 as in the textbook: ln(1 + (N-df+0.5)/(df+0.5)) · tf(k1+1)/(tf + k1(1-b+b·dl/avgdl)), summed over query terms. */
function referenceScores(texts: string[], query: string): number[] {
  const documents = texts.map((text) => analyse(text, 'en'));
  const averageLength = documents.reduce((sum, terms) => sum + terms.length, 0) / documents.length;
  const { k1, b } = BM25;
  return documents.map((terms) =>
    analyse(query, 'en').reduce((score, term) => {
      const frequency = terms.filter((other) => other === term).length;
      const holders = documents.filter((other) => other.includes(term)).length;
      const idf = Math.log(1 + (documents.length - holders + 0.5) / (holders + 0.5));
      const norm = k1 * (1 - b + (b * terms.length) / averageLength);
      return score + (idf * frequency * (k1 + 1)) / (frequency + norm);
    }, 0),
  );
}

describeWithServices('ranking', () => {
  let database: TestDatabase;
  let knowledge: KnowledgeFixture;
  let tenant: TenantContext;
  let base: string;
  const texts = corpus(400);
  const documents: string[] = [];

  beforeAll(async () => {
    database = await createTestDatabase({ prepare: migrate, template: 'migrated' });
    knowledge = await KnowledgeFixture.open(database.url);
    tenant = knowledge.tenant();
    base = await knowledge.knowledgeBase(tenant);
    const elsewhere = await knowledge.knowledgeBase(tenant);
    await knowledge.ingest(tenant, elsewhere, texts.slice(0, 20));
    for (let start = 0; start < texts.length; start += 10) {
      documents.push((await knowledge.ingest(tenant, base, texts.slice(start, start + 10))).documentId);
    }
  });
  afterAll(async () => {
    await knowledge?.close();
    await database?.drop();
  });

  const lexical = (text: string, plan = {}) =>
    knowledge.search.search(tenant, {
      knowledgeBaseIds: [base],
      text,
      limit: LIMIT,
      plan: { feedback: null, ...plan },
    });

  async function expectExact(query: string, corpusTexts: string[], plan = {}): Promise<void> {
    const scores = referenceScores(corpusTexts, query);
    const expected = scores
      .map((score, index) => ({ score, index }))
      .filter(({ score }) => score > 0)
      .sort((a, b) => b.score - a.score)
      .slice(0, LIMIT);
    const hits = await lexical(query, plan);
    expect(hits).toHaveLength(expected.length);
    hits.forEach((hit, rank) => {
      expect(hit.lexicalScore).toBeCloseTo(expected[rank]!.score, 5);
      expect(hit.lexicalScore).toBeCloseTo(scores[corpusTexts.indexOf(hit.text)]!, 5);
    });
  }

  const QUERIES = [
    'number3',
    'wing',
    'the engine lifted wings',
    'turning turning rudder',
    'propeller heats number16 tail',
  ];

  it.each(QUERIES)('is exact BM25: %s', (query) => expectExact(query, texts));

  it('is the same before and after statistics are summed up', async () => {
    const rows = 'select count(*)::integer as count from memory.lexical_terms where knowledge_base_id = $1';
    const [before] = await knowledge.rows<{ count: number }>(tenant, rows, [base]);
    const hits = await lexical('propeller heats number16 tail');
    expect(await knowledge.statistics.rollUp()).toBe(1);
    const [after] = await knowledge.rows<{ count: number }>(tenant, rows, [base]);
    expect(after!.count).toBeLessThan(before!.count / 2);
    expect(await lexical('propeller heats number16 tail')).toEqual(hits);
    expect(await knowledge.statistics.rollUp()).toBe(0);
  });

  it('leaves common words out of the search for candidates of large scopes, but not out of the score', async () => {
    const plan = { allTermsBelow: 0 };
    const hits = await lexical('wing number3', plan);
    const scores = referenceScores(texts, 'wing number3');
    const rare = texts.filter((text) => text.endsWith('number3'));
    expect(
      hits
        .map((hit) => hit.text)
        .slice(0, rare.length)
        .sort(),
    ).toEqual([...rare].sort());
    for (const hit of hits) expect(hit.lexicalScore).toBeCloseTo(scores[texts.indexOf(hit.text)]!, 5);
    await expectExact('wing', texts, plan);
    await expectExact('wing number3', texts, plan);
  });

  it('finds by the vector index what the exact scan finds, and as many', async () => {
    const embedding = { vector: embed('rudder turning number5'), space: knowledge.space };
    const query = { knowledgeBaseIds: [base], text: '', embedding, limit: 10 };
    const exact = await knowledge.search.search(tenant, query);
    expect(exact).toHaveLength(10);
    expect(await knowledge.search.search(tenant, { ...query, plan: { exactBelow: 0 } })).toEqual(exact);
    const filter = { type: 'eq', key: 'absent', value: 1 } as const;
    expect(await knowledge.search.search(tenant, { ...query, filter, plan: { exactBelow: 0 } })).toEqual([]);
  });

  it('stays exact when documents are removed', async () => {
    await knowledge.memory.withTenant(tenant, async (tx) => {
      for (const id of documents.slice(0, 30)) await removeDocument(tx, tenant, id);
    });
    await expectExact('the engine lifted wings', texts.slice(300));
    await knowledge.statistics.rollUp();
    await expectExact('propeller heats number16 tail', texts.slice(300));
  });
});
