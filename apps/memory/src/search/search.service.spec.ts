import { beforeEach, describe, expect, it, jest } from '@jest/globals';
import { type QueryExplanation, type SearchRequest, TenantContext } from '@parley/contracts';
import {
  type EmbeddingSpace,
  type KnowledgeHit,
  type KnowledgeQuery,
  type KnowledgeSearch,
  type Neighbors,
} from '@parley/knowledge';
import { type QueryEmbedder } from './query-embedder.js';
import { type RecallSampler } from './recall-sampler.js';
import { type SearchRepository, type SearchScope } from './search.repository.js';
import { SearchService } from './search.service.js';

const ID = '018f0000-0000-7000-8000-000000000000';
const tenant = TenantContext.of({ tenantId: ID, userId: ID, role: 'member' });
const running = () => new AbortController().signal;

const spaceOf = (fields: Partial<EmbeddingSpace> = {}): EmbeddingSpace => ({
  id: ID,
  model: 'some-model',
  dimensions: 2,
  state: 'active',
  tableName: 'embeddings',
  vectorWeight: 0.5,
  ...fields,
});

const hitOf = (chunkId: string, score: number): KnowledgeHit => ({
  chunkId,
  documentId: 'document',
  fileId: 'file',
  knowledgeBaseId: 'one',
  filename: 'notes.txt',
  ordinal: 0,
  text: 'text',
  score,
  attributes: {},
  locator: {},
  version: 1,
  lexicalScore: 1,
  lexicalRank: 1,
  vectorScore: null,
  vectorRank: null,
});

const explanationOf = (query: string): QueryExplanation => ({
  query,
  lexical: { candidates: 1 },
  vector: { scan: 'none', candidates: 0, embeddingSpaceId: null, model: null, dimensions: null },
  fusion: 'scores',
  weights: { lexical: 1, vector: 0 },
  milliseconds: {},
});

function requestOf(fields: Partial<SearchRequest> = {}): SearchRequest {
  return { knowledgeBaseIds: ['one'], queries: ['what?'], maxResults: 10, scoreThreshold: 0, ...fields };
}

describe('SearchService', () => {
  let scopes: SearchScope[];
  let embed: jest.Mock<QueryEmbedder['embed']>;
  let search: jest.Mock<(tenant: TenantContext, query: KnowledgeQuery) => Promise<KnowledgeHit[]>>;
  let explain: jest.Mock<KnowledgeSearch['explain']>;
  let neighbors: jest.Mock<Neighbors['of']>;
  let sampled: jest.Mock<RecallSampler['offer']>;
  let service: SearchService;

  beforeEach(() => {
    scopes = [{ knowledgeBaseId: 'one', space: spaceOf() }];
    embed = jest.fn(
      async (queries, spaces) => new Map(spaces.map(({ id }) => [id, queries.map(() => Float32Array.of(1, 0))])),
    );
    search = jest.fn(async () => [] as KnowledgeHit[]);
    explain = jest.fn(async (_tenant, { text }) => ({ hits: [hitOf('a', 0.9)], explanation: explanationOf(text) }));
    neighbors = jest.fn(async () => new Map());
    sampled = jest.fn();
    service = new SearchService(
      { scopes: async () => scopes } as unknown as SearchRepository,
      { embed } as unknown as QueryEmbedder,
      { search, explain } as unknown as KnowledgeSearch,
      { of: neighbors } as unknown as Neighbors,
      { offer: sampled } as unknown as RecallSampler,
    );
  });

  const ask = (fields?: Partial<SearchRequest>, signal = running()) =>
    service.search(tenant, requestOf(fields), signal);
  const embeddingsAsked = () => search.mock.calls.map(([, { embedding }]) => embedding);

  it('passes on what was asked, with the query as a vector', async () => {
    const filter = { type: 'eq', key: 'year', value: 2024 } as const;
    const weights = { lexical: 1, vector: 3 };
    await ask({ maxResults: 7, scoreThreshold: 0.3, filter, weights, fusion: 'rrf' });
    expect(search).toHaveBeenCalledWith(tenant, {
      knowledgeBaseIds: ['one'],
      text: 'what?',
      embedding: { vector: Float32Array.of(1, 0), space: spaceOf() },
      limit: 7,
      filter,
      scoreThreshold: 0.3,
      weights,
      fusion: 'rrf',
    });
  });

  it('offers every query for the recall to be sampled, once it has been searched', async () => {
    const filter = { type: 'eq', key: 'year', value: 2024 } as const;
    search.mockImplementation(async () => {
      expect(sampled).not.toHaveBeenCalled();
      return [];
    });
    await ask({ filter });
    expect(sampled).toHaveBeenCalledWith(tenant, expect.objectContaining({ filter, knowledgeBaseIds: ['one'] }));
  });

  it('merges several queries: each chunk once, with its best score, best first', async () => {
    search.mockResolvedValueOnce([hitOf('a', 0.9), hitOf('b', 0.5)]);
    search.mockResolvedValueOnce([hitOf('c', 0.7), hitOf('b', 0.6), hitOf('a', 0.1)]);
    const { hits } = await ask({ queries: ['first', 'second', '  '], maxResults: 3 });
    expect(hits.map(({ chunkId, score }) => [chunkId, score])).toEqual([
      ['a', 0.9],
      ['c', 0.7],
      ['b', 0.6],
    ]);
    expect(hits[0]).not.toHaveProperty('lexicalScore');
    expect(search).toHaveBeenCalledTimes(2);
    expect(embed).toHaveBeenCalledWith(['first', 'second'], [spaceOf()], expect.anything());
  });

  it('keeps the order of a single search, and the limit', async () => {
    search.mockResolvedValueOnce([hitOf('b', 0.5), hitOf('a', 0.5), hitOf('c', 0.4)]);
    const { hits } = await ask({ maxResults: 2 });
    expect(hits.map(({ chunkId }) => chunkId)).toEqual(['b', 'a']);
  });

  it('explains each query and each hit when asked', async () => {
    const { hits, explain: explained } = await ask({ queries: ['first', 'second'], explain: true });
    expect(hits[0]!.explain).toEqual({ query: 'first', lexical: { score: 1, rank: 1 }, vector: null });
    expect(explained!.queries.map(({ query }) => query)).toEqual(['first', 'second']);
    expect(Object.keys(explained!.milliseconds)).toEqual(['scope', 'embed', 'search', 'neighbors', 'total']);
    expect(search).not.toHaveBeenCalled();
  });

  it('adds the neighbours of each hit when asked', async () => {
    const beside = { chunkId: 'b', ordinal: 1, text: 'next', locator: {} };
    search.mockResolvedValue([hitOf('a', 0.9), hitOf('c', 0.8)]);
    neighbors.mockResolvedValue(new Map([['a', [beside]]]));
    const { hits } = await ask({ neighbors: 2 });
    expect(hits.map((hit) => hit.neighbors)).toEqual([[beside], []]);
    expect(neighbors).toHaveBeenCalledWith(tenant, [expect.objectContaining({ chunkId: 'a' }), expect.anything()], 2);
  });

  it('knows no knowledge base that is not the tenant’s', async () => {
    const missing = { code: 'not_found', param: 'vector_store_ids' };
    await expect(ask({ knowledgeBaseIds: ['one', 'other'] })).rejects.toMatchObject(missing);
    await expect(ask({ knowledgeBaseIds: ['one', 'one'] })).resolves.toEqual({ hits: [] });
  });

  it('searches by words alone what could not be embedded', async () => {
    embed.mockResolvedValue(new Map());
    search.mockResolvedValue([hitOf('a', 1)]);
    expect((await ask()).hits).toHaveLength(1);
    expect(embeddingsAsked()).toEqual([undefined]);
  });

  it('searches each knowledge base in its own space, those without vectors together', async () => {
    const older = spaceOf({ id: 'older', model: 'older-model', dimensions: 3 });
    const gone = spaceOf({ id: 'gone', model: 'gone' });
    scopes = [
      { knowledgeBaseId: 'one', space: spaceOf() },
      { knowledgeBaseId: 'two', space: older },
      { knowledgeBaseId: 'three', space: null },
      { knowledgeBaseId: 'four', space: spaceOf() },
      { knowledgeBaseId: 'five', space: gone },
    ];
    const [now, then] = [Float32Array.of(1, 0), Float32Array.of(0, 0, 1)];
    embed.mockResolvedValue(new Map([ID, 'older'].map((id) => [id, [id === ID ? now : then]])));
    await ask({ knowledgeBaseIds: ['one', 'two', 'three', 'four', 'five'] });
    expect(embed).toHaveBeenCalledWith(['what?'], [spaceOf(), older, gone], expect.anything());
    expect(search.mock.calls.map(([, { knowledgeBaseIds, embedding }]) => [knowledgeBaseIds, embedding])).toEqual([
      [['one', 'four'], { vector: now, space: spaceOf() }],
      [['two'], { vector: then, space: older }],
      [['three', 'five'], undefined],
    ]);
  });

  it('measures the words of all spaces with one measure before it merges', async () => {
    const older = spaceOf({ id: 'older', vectorWeight: 0.2 });
    scopes = [...scopes, { knowledgeBaseId: 'two', space: older }];
    search.mockResolvedValueOnce([{ ...hitOf('a', 0.9), lexicalScore: 2 }]);
    search.mockResolvedValueOnce([
      { ...hitOf('b', 1), lexicalScore: 8 },
      { ...hitOf('c', 0.6), lexicalScore: null },
    ]);
    const { hits } = await ask({ knowledgeBaseIds: ['one', 'two'], scoreThreshold: 0.57 });
    expect(hits.map(({ chunkId, score }) => [chunkId, score])).toEqual([
      ['b', 1],
      ['c', 0.6],
    ]);
    search.mockResolvedValueOnce([{ ...hitOf('a', 0.9), lexicalScore: 2 }]);
    search.mockResolvedValueOnce([{ ...hitOf('b', 1), lexicalScore: 8 }]);
    const all = await ask({ knowledgeBaseIds: ['one', 'two'] });
    expect(all.hits.at(-1)).toMatchObject({ chunkId: 'a', score: expect.closeTo(0.9 * (0.5 + 0.5 / 4)) });
  });
});
