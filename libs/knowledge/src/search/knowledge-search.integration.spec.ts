import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { type AttributeFilter, type TenantContext } from '@parley/contracts';
import { migrate } from '@parley/persistence';
import { createTestDatabase, describeWithServices, type TestDatabase } from '@parley/testing';
import { embed, KnowledgeFixture } from '../fixtures/knowledge.fixture.js';
import { type KnowledgeQuery } from './knowledge-search.js';

describeWithServices('searching knowledge', () => {
  let database: TestDatabase;
  let knowledge: KnowledgeFixture;
  let tenant: TenantContext;

  beforeAll(async () => {
    database = await createTestDatabase({ prepare: migrate, template: 'migrated' });
    knowledge = await KnowledgeFixture.open(database.url);
    tenant = knowledge.tenant();
  });
  afterAll(async () => {
    await knowledge?.close();
    await database?.drop();
  });

  const find = (knowledgeBaseIds: string[], query: Partial<KnowledgeQuery>) =>
    knowledge.search.search(tenant, { knowledgeBaseIds, text: '', limit: 10, ...query });
  const near = (text: string) => ({ vector: embed(text), space: knowledge.space });
  const textsOf = (hits: { text: string }[]) => hits.map((hit) => hit.text);

  it('finds by a word, in whatever form it is written, and by a vector', async () => {
    const base = await knowledge.knowledgeBase(tenant);
    await knowledge.ingest(tenant, base, [
      'The wings were connected by struts and the connections held.',
      'Bread is baked in the oven by the baker.',
      'The weather was fair on the morning of the flight.',
    ]);
    const byWord = await find([base], { text: 'What is the connection?' });
    expect(textsOf(byWord)).toEqual(['The wings were connected by struts and the connections held.']);
    expect(byWord[0]).toMatchObject({ score: 1, vectorScore: null, lexicalScore: expect.any(Number) });

    const byVector = await find([base], { embedding: near('baked oven bread') });
    expect(byVector).toHaveLength(3);
    expect(byVector[0]).toMatchObject({
      text: 'Bread is baked in the oven by the baker.',
      score: expect.closeTo(byVector[0]!.vectorScore!, 6),
      lexicalScore: null,
    });
    expect(byVector[2]).toMatchObject({ score: 0 });

    const hybrid = await find([base], { text: 'oven', embedding: near('weather fair morning flight') });
    expect(hybrid.map((hit) => [hit.lexicalScore !== null, hit.vectorScore !== null])).toContainEqual([true, true]);
    expect(hybrid).toHaveLength(3);
  });

  it('tells where a hit is from', async () => {
    const base = await knowledge.knowledgeBase(tenant);
    const { documentId, fileId } = await knowledge.ingest(tenant, base, ['alpha', 'omega'], { year: 2024 });
    const [hit] = await find([base], { text: 'omega' });
    expect(hit).toMatchObject({
      documentId,
      fileId,
      knowledgeBaseId: base,
      filename: 'notes.txt',
      ordinal: 1,
      text: 'omega',
      attributes: { year: 2024 },
      locator: { pageStart: 2 },
      chunkId: expect.stringMatching(/^[0-9a-f-]{36}$/),
    });
  });

  it('searches several knowledge bases as one and no other', async () => {
    const [one, two, three] = [
      await knowledge.knowledgeBase(tenant),
      await knowledge.knowledgeBase(tenant),
      await knowledge.knowledgeBase(tenant),
    ];
    await knowledge.ingest(tenant, one, ['pear in one']);
    await knowledge.ingest(tenant, two, ['pear in two']);
    await knowledge.ingest(tenant, three, ['pear in three']);
    for (const query of [{ text: 'pear' }, { embedding: near('pear') }, { text: 'pear', embedding: near('pear') }]) {
      expect(textsOf(await find([one, two], query)).sort()).toEqual(['pear in one', 'pear in two']);
    }
  });

  it('finds texts of several languages in one knowledge base', async () => {
    const base = await knowledge.knowledgeBase(tenant);
    const texts = {
      de: 'Die Häuser der alten Stadt stehen an dem Fluss und sind sehr schön.',
      en: 'The houses of the old town stand by the river and are very pretty.',
      zh: '老城的房子在河边非常漂亮。',
      th: 'บ้านในเมืองเก่าอยู่ริมแม่น้ำ',
      ru: 'Дома старого города стоят у реки и очень красивы.',
    };
    for (const text of Object.values(texts)) await knowledge.ingest(tenant, base, [text]);
    expect(textsOf(await find([base], { text: 'Haus' }))).toEqual([texts.de]);
    expect(textsOf(await find([base], { text: 'house' }))).toEqual([texts.en]);
    expect(textsOf(await find([base], { text: '房子' }))).toEqual([texts.zh]);
    expect(textsOf(await find([base], { text: 'แม่น้ำ' }))).toEqual([texts.th]);
    expect(textsOf(await find([base], { text: 'в старом городе' }))).toEqual([texts.ru]);
  });

  it('leaves out hits below the threshold and gives no more than the limit', async () => {
    const base = await knowledge.knowledgeBase(tenant);
    await knowledge.ingest(tenant, base, [
      'plum plum plum',
      'plum and something else',
      'plum tree in a wide garden far away',
    ]);
    const all = await find([base], { text: 'plum' });
    expect(all[0]!.score).toBe(1);
    expect(await find([base], { text: 'plum', scoreThreshold: all[0]!.score })).toEqual(all.slice(0, 1));
    expect(await find([base], { text: 'plum', limit: 2 })).toEqual(all.slice(0, 2));
  });

  it('orders equal hits by document and ordinal', async () => {
    const base = await knowledge.knowledgeBase(tenant);
    const first = await knowledge.ingest(tenant, base, ['same words', 'same words']);
    const second = await knowledge.ingest(tenant, base, ['same words']);
    const hits = await find([base], { text: 'same words', embedding: near('same words') });
    expect(hits.map((hit) => [hit.documentId, hit.ordinal])).toEqual([
      [first.documentId, 0],
      [first.documentId, 1],
      [second.documentId, 0],
    ]);
  });

  it('finds nothing in an empty knowledge base, for stopwords alone, and without a query', async () => {
    const empty = await knowledge.knowledgeBase(tenant);
    expect(await find([empty], { text: 'pear', embedding: near('pear') })).toEqual([]);
    const base = await knowledge.knowledgeBase(tenant);
    await knowledge.ingest(tenant, base, ['The pear is on the table and the table is in the room.']);
    expect(await find([base], { text: 'what is the' })).toEqual([]);
    expect(await find([base], { text: '  … ?' })).toEqual([]);
  });

  it('takes queries with any characters for words, never for syntax', async () => {
    const base = await knowledge.knowledgeBase(tenant);
    await knowledge.ingest(tenant, base, [`O'Neill's "quoted" & (bracketed) | text: 'x' \\ back`]);
    const [hit] = await find([base], { text: `o'neill & ! ( | ' \\ "quoted":* <-> #${base} \0` });
    expect(hit?.text).toContain('quoted');
    expect(await find([base], { text: `#${base}` })).toEqual([]);
  });

  it('refuses a vector of another length', async () => {
    const search = find([], { embedding: { vector: [1, 2], space: knowledge.space } });
    await expect(search).rejects.toMatchObject({ code: 'invalid_request' });
  });

  it.each<[string, AttributeFilter, string[]]>([
    ['eq', { type: 'eq', key: 'kind', value: 'memo' }, ['a', 'b']],
    ['eq is not fooled by another type', { type: 'eq', key: 'year', value: '2020' }, []],
    ['ne, missing attributes included', { type: 'ne', key: 'kind', value: 'memo' }, ['c', 'd']],
    ['gt', { type: 'gt', key: 'year', value: 2020 }, ['b', 'c']],
    [
      'gte and lt',
      {
        type: 'and',
        filters: [
          { type: 'gte', key: 'year', value: 2020 },
          { type: 'lt', key: 'year', value: 2022.5 },
        ],
      },
      ['a', 'b'],
    ],
    ['lte', { type: 'lte', key: 'year', value: 2020 }, ['a']],
    ['gt of texts', { type: 'gt', key: 'kind', value: 'memo' }, ['c']],
    ['in', { type: 'in', key: 'year', value: [2020, 2023] }, ['a', 'c']],
    ['nin', { type: 'nin', key: 'year', value: [2020, 2023] }, ['b', 'd']],
    [
      'or',
      {
        type: 'or',
        filters: [
          { type: 'eq', key: 'secret', value: true },
          { type: 'eq', key: 'year', value: 2023 },
        ],
      },
      ['b', 'c'],
    ],
    ['keys and values with quotes', { type: 'eq', key: `odd "key" $.x ' \\`, value: `it's "so" \\ ünï` }, ['d']],
  ])('filters by attributes: %s', async (_name, filter, expected) => {
    const base = await filtered();
    for (const query of [
      { text: 'apple' },
      { embedding: near('apple') },
      { text: 'apple', embedding: near('apple') },
    ]) {
      const hits = await find([base], { ...query, filter });
      expect(hits.map((hit) => hit.text.slice(-1)).sort()).toEqual(expected);
    }
  });

  let filteredBase: Promise<string> | undefined;
  function filtered(): Promise<string> {
    filteredBase ??= (async () => {
      const base = await knowledge.knowledgeBase(tenant);
      await knowledge.ingest(tenant, base, ['apple a'], { kind: 'memo', year: 2020, secret: false });
      await knowledge.ingest(tenant, base, ['apple b'], { kind: 'memo', year: 2021, secret: true });
      await knowledge.ingest(tenant, base, ['apple c'], { kind: 'report', year: 2023 });
      await knowledge.ingest(tenant, base, ['apple d'], { [`odd "key" $.x ' \\`]: `it's "so" \\ ünï` });
      return base;
    })();
    return filteredBase;
  }
});
