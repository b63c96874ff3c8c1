import { beforeEach, describe, expect, it, jest } from '@jest/globals';
import { DomainError, type QueryExplanation, type SearchRequest, TenantContext } from '@parley/contracts';
import {
  type EmbeddingSpace,
  type KnowledgeHit,
  type KnowledgeQuery,
  type KnowledgeSearch,
  type Neighbors,
} from '@parley/knowledge';
import { type Reranker } from '@parley/llm';
import { type QueryEmbedder } from './query-embedder.js';
import { type RecallSampler } from './recall-sampler.js';
import { type SearchRepository, type SearchScope } from './search.repository.js';
import { Reranking } from './reranking.js';
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
  text: `text of ${chunkId}`,
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
  lexical: { candidates: 1, feedbackTerms: [] },
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
  let pageUrls: jest.Mock<SearchRepository['pageUrls']>;
  let sampled: jest.Mock<RecallSampler['offer']>;
  let reranker: jest.Mocked<Reranker> | null;
  let service: SearchService;

  beforeEach(() => {
    scopes = [{ knowledgeBaseId: 'one', space: spaceOf() }];
    embed = jest.fn(
      async (queries, spaces) => new Map(spaces.map(({ id }) => [id, queries.map(() => Float32Array.of(1, 0))])),
    );
    search = jest.fn(async () => [] as KnowledgeHit[]);
    explain = jest.fn(async (_tenant, { text }) => ({ hits: [hitOf('a', 0.9)], explanation: explanationOf(text) }));
    neighbors = jest.fn(async () => new Map());
    pageUrls = jest.fn(async () => new Map([['file', 'https://example.org/news']]));
    sampled = jest.fn();
    reranker = null;
    service = serviceWith();
  });

  const serviceWith = () =>
    new SearchService(
      { scopes: async () => scopes, pageUrls } as unknown as SearchRepository,
      { embed } as unknown as QueryEmbedder,
      { search, explain } as unknown as KnowledgeSearch,
      { of: neighbors } as unknown as Neighbors,
      new Reranking(reranker),
      { offer: sampled } as unknown as RecallSampler,
    );

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
      limit: 11,
      filter,
      scoreThreshold: 0.3,
      weights,
      fusion: 'rrf',
    });
  });

  it('tells the address of a page, and asks for none where there are no pages', async () => {
    search.mockResolvedValue([hitOf('a', 0.9), { ...hitOf('b', 0.8), fileId: 'upload' }]);
    expect((await ask()).hits[0]).not.toHaveProperty('url');
    expect(pageUrls).not.toHaveBeenCalled();
    scopes = [{ ...scopes[0]!, hasPages: true }];
    const { hits } = await ask();
    expect(pageUrls).toHaveBeenCalledWith(tenant, ['file', 'upload']);
    expect(hits.map(({ url }) => url)).toEqual(['https://example.org/news', undefined]);
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
    expect(hits[0]!.explain).toEqual({
      query: 'first',
      lexical: { score: 1, rank: 1 },
      vector: null,
      fused: 0.9,
      reranked: null,
    });
    expect(explained!.queries.map(({ query }) => query)).toEqual(['first', 'second']);
    expect(Object.keys(explained!.milliseconds)).toEqual(['scope', 'embed', 'search', 'rerank', 'neighbors', 'total']);
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

  it('merges what different spaces found by score, which compares across searches', async () => {
    scopes = [...scopes, { knowledgeBaseId: 'two', space: spaceOf({ id: 'older' }) }];
    search.mockResolvedValueOnce([hitOf('a', 0.9), hitOf('d', 0.1)]);
    search.mockResolvedValueOnce([hitOf('b', 1), hitOf('c', 0.6)]);
    const { hits } = await ask({ knowledgeBaseIds: ['one', 'two'] });
    expect(hits.map(({ chunkId }) => chunkId)).toEqual(['b', 'a', 'c', 'd']);
  });

  it('leaves out what says the same as a better hit, names it, and fills up with others', async () => {
    const copies = Array.from({ length: 20 }, (_, index) => ({ ...hitOf(`copy${index}`, 0.9), text: 'one text' }));
    const all = [...copies, hitOf('b', 0.5), hitOf('c', 0.4)];
    search.mockImplementation(async (_tenant, { limit }) => all.slice(0, limit));
    const { hits } = await ask({ maxResults: 3 });
    expect(hits.map(({ chunkId }) => chunkId)).toEqual(['copy0', 'b', 'c']);
    expect(hits[0]!.duplicates).toHaveLength(19);
    expect(hits[0]!.duplicates![0]).toEqual({ chunkId: 'copy1', fileId: 'file', filename: 'notes.txt', ordinal: 0 });
    expect(hits[1]).not.toHaveProperty('duplicates');
  });

  it('does not look for more for ever', async () => {
    search.mockImplementation(async (_tenant, { limit }) =>
      Array.from({ length: limit }, (_, index) => ({ ...hitOf(`copy${index}`, 0.9), text: 'one text' })),
    );
    expect((await ask({ maxResults: 10 })).hits).toHaveLength(1);
    expect(search.mock.calls.length).toBeLessThanOrEqual(4);
  });

  describe('with a reranker', () => {
    beforeEach(() => {
      reranker = { model: 'judge', topN: 2, rerank: jest.fn(async () => [0.2, 0.7]) };
      service = serviceWith();
      search.mockResolvedValue([hitOf('a', 0.9), hitOf('b', 0.5), hitOf('c', 0.4)]);
    });

    it('takes its order and scores for the best hits, and lets the others stay below', async () => {
      const { hits, explain: explained } = await ask();
      expect(hits.map(({ chunkId, score }) => [chunkId, score])).toEqual([
        ['b', 0.7],
        ['a', 0.2],
        ['c', 0.2],
      ]);
      expect(explained).toBeUndefined();
      expect(reranker!.rerank).toHaveBeenCalledWith('what?', ['text of a', 'text of b'], expect.anything());
    });

    it('compares the threshold with its scores', async () => {
      expect((await ask({ scoreThreshold: 0.6 })).hits.map(({ chunkId }) => chunkId)).toEqual(['b']);
      expect(search.mock.calls[0]![1].scoreThreshold).toBe(0);
    });

    it('keeps the order when it fails, and is not asked when that is not wanted', async () => {
      reranker!.rerank.mockRejectedValueOnce(new DomainError('timeout', 'Too slow.'));
      expect((await ask({ scoreThreshold: 0.45 })).hits.map(({ chunkId }) => chunkId)).toEqual(['a', 'b']);
      expect((await ask({ rerank: false })).hits.map(({ chunkId }) => chunkId)).toEqual(['a', 'b', 'c']);
      expect(reranker!.rerank).toHaveBeenCalledTimes(1);
    });

    it('says which model judged', async () => {
      explain.mockResolvedValue({ hits: [hitOf('a', 0.9), hitOf('b', 0.5)], explanation: explanationOf('what?') });
      const { hits, explain: explained } = await ask({ explain: true });
      expect(explained!.reranker).toBe('judge');
      expect(hits[0]!.explain).toMatchObject({ fused: 0.5, reranked: 0.7 });
    });
  });
});
