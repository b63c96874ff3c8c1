import { beforeEach, describe, expect, it, jest } from '@jest/globals';
import { type CompareEmbeddingSpacesRequest, TenantContext } from '@parley/contracts';
import {
  type EmbeddingMigration,
  type EmbeddingMigrations,
  type EmbeddingSpace,
  type KnowledgeHit,
  type KnowledgeSearch,
} from '@parley/knowledge';
import { type EmbeddingModel, type EmbeddingProviders } from '@parley/llm';
import { ComparisonService } from './comparison.service.js';
import { type EmbeddingMigrationsRepository } from './embedding-migrations.repository.js';

const ID = '018f0000-0000-7000-8000-000000000000';
const tenant = TenantContext.of({ tenantId: ID, userId: ID, role: 'admin' });
const [old, next] = ['old', 'new'].map((model) => ({ id: model, model }) as EmbeddingSpace);
const hit = (chunkId: string) => ({ chunkId, fileId: `file ${chunkId}` }) as KnowledgeHit;

describe('ComparisonService', () => {
  let migration: EmbeddingMigration;
  let found: Record<string, string[]>;
  let search: jest.Mock<KnowledgeSearch['search']>;
  let service: ComparisonService;

  beforeEach(() => {
    migration = { knowledgeBaseId: ID, from: old, to: next, status: 'ready', isFilled: true } as EmbeddingMigration;
    found = { old: ['a', 'b'], new: ['b', 'c'] };
    search = jest.fn(async (_tenant, { embedding }) => found[embedding!.space.id]!.map(hit));
    service = new ComparisonService(
      { sampleTexts: async () => ['Sand moves. Slowly.', 'no end'] } as unknown as EmbeddingMigrationsRepository,
      { get: async () => migration } as unknown as EmbeddingMigrations,
      {
        of: ({ model }: EmbeddingModel) => ({
          embed: async (texts: string[]) => ({
            vectors: texts.map(() => Float32Array.of(model.length)),
            promptTokens: 1,
          }),
        }),
      } as unknown as EmbeddingProviders,
      { search } as unknown as KnowledgeSearch,
    );
  });

  const compare = (fields: Partial<CompareEmbeddingSpacesRequest> = {}) =>
    service.compare(tenant, { id: ID, knowledgeBaseId: ID, sample: 20, ...fields }, new AbortController().signal);

  it('asks both spaces the first sentences of some chunks, with words and without', async () => {
    expect(await compare()).toEqual({
      queryCount: 2,
      overlapAt10: 0.5,
      vectorOverlapAt10: 0.5,
      quality: null,
      differing: [
        { query: 'Sand moves.', overlapAt10: 0.5 },
        { query: 'no end', overlapAt10: 0.5 },
      ],
    });
    const asked = search.mock.calls.map(([, { text, embedding }]) => [embedding!.space.id, text]);
    expect(asked.slice(0, 4)).toEqual([
      ['old', 'Sand moves.'],
      ['old', ''],
      ['old', 'no end'],
      ['old', ''],
    ]);
  });

  it('says how well both find what was expected', async () => {
    const { quality, queryCount } = await compare({ questions: [{ query: 'where?', fileIds: ['file c'] }] });
    expect(queryCount).toBe(1);
    expect(quality).toEqual({
      from: { recallAt10: 0, ndcgAt10: 0 },
      to: { recallAt10: 1, ndcgAt10: expect.closeTo(1 / Math.log2(3)) },
    });
  });

  it('takes the queries that it is given, and finds nothing in nothing', async () => {
    found = { old: [], new: [] };
    const nothing = { queryCount: 1, overlapAt10: null, vectorOverlapAt10: null, differing: [] };
    expect(await compare({ queries: ['why?', ' '] })).toMatchObject(nothing);
  });

  it.each<Partial<EmbeddingMigration>>([
    { status: 'filling', isFilled: false },
    { isFilled: false },
    { status: 'finished' },
  ])('refuses to compare what is not complete: %j', async (fields) => {
    migration = { ...migration, ...fields };
    await expect(compare()).rejects.toMatchObject({ code: 'conflict' });
    expect(search).not.toHaveBeenCalled();
  });
});
