import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { type TenantContext } from '@parley/contracts';
import { migrate } from '@parley/persistence';
import { createTestDatabase, describeWithServices, type TestDatabase } from '@parley/testing';
import { KnowledgeFixture } from '../fixtures/knowledge.fixture.js';
import { INFLECTED, PAIRED } from '../fixtures/languages.fixture.js';

jest.setTimeout(60_000);

describeWithServices('searching by words in many languages', () => {
  let database: TestDatabase;
  let knowledge: KnowledgeFixture;
  let tenant: TenantContext;
  let everything: string;

  beforeAll(async () => {
    database = await createTestDatabase({ prepare: migrate, template: 'migrated' });
    knowledge = await KnowledgeFixture.open(database.url);
    tenant = knowledge.tenant();
    everything = await knowledge.knowledgeBase(tenant);
    for (const { text } of [...Object.values(INFLECTED), ...Object.values(PAIRED)]) {
      await knowledge.ingest(tenant, everything, [text]);
    }
  });
  afterAll(async () => {
    await knowledge?.close();
    await database?.drop();
  });

  const find = async (knowledgeBaseId: string, text: string) => {
    const hits = await knowledge.search.search(tenant, { knowledgeBaseIds: [knowledgeBaseId], text, limit: 20 });
    return hits.map((hit) => hit.text);
  };

  it.each(Object.entries(INFLECTED))(
    'finds the text in %s among all others, by other forms of its words',
    async (_, sample) => {
      for (const [, asked] of sample.forms) expect((await find(everything, asked))[0]).toBe(sample.text);
    },
  );

  it.each(Object.entries(PAIRED))('finds the text in %s by pairs of characters', async (_, { text, asked, other }) => {
    expect((await find(everything, asked))[0]).toBe(text);
    expect(await find(everything, other)).not.toContain(text);
  });

  it.each(Object.entries(INFLECTED))('finds nothing in %s by words that every text holds', async (_, sample) => {
    const own = await knowledge.knowledgeBase(tenant);
    await knowledge.ingest(tenant, own, [sample.text]);
    expect(await find(own, sample.stopwords)).toEqual([]);
    expect(await find(own, sample.forms[0]![1])).toEqual([sample.text]);
  });
});
