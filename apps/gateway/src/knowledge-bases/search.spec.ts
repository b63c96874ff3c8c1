import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { formatId, Search } from '@parley/contracts';
import { createRoutesApp, type RoutesApp } from '../fixtures/routes.fixture.js';
import { type SearchResultsPage } from './search.view.js';

const STORE = '0198c0de-0000-7000-8000-00000000b001';
const FILE = '0198c0de-0000-7000-8000-00000000f001';
const CHUNK = '0198c0de-0000-7000-8000-00000000c001';
const STORE_ID = formatId('knowledgeBase', STORE);

describe('what our search adds to OpenAI’s', () => {
  let app: RoutesApp;

  beforeAll(async () => {
    app = await createRoutesApp();
  });
  afterAll(() => app?.close());
  beforeEach(() => app.bus.reset());

  async function search(body: object): Promise<SearchResultsPage> {
    const response = await fetch(`${app.url}/v1/vector_stores/${STORE_ID}/search`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    expect(response.status).toBe(200);
    return (await response.json()) as SearchResultsPage;
  }

  it('explains a search, and shows the chunks beside a hit, when asked', async () => {
    const place = { chunkId: CHUNK, ordinal: 2, text: 'Traces are compiled.', locator: {} };
    const explained = { fusion: 'rrf', milliseconds: { lexical: 1.5 } } as const;
    app.bus.on(Search, () => ({
      hits: [
        {
          ...place,
          documentId: FILE,
          fileId: FILE,
          knowledgeBaseId: STORE,
          filename: 'a.pdf',
          url: 'https://example.org/a.pdf',
          score: 0.8,
          attributes: {},
          duplicates: [{ chunkId: CHUNK, fileId: FILE, filename: 'copy.pdf', ordinal: 1 }],
          neighbors: [{ ...place, ordinal: 3, text: 'Then they run.' }],
          explain: { query: 'traces', lexical: { score: 7.5, rank: 1 }, vector: null, fused: 0.7, reranked: 0.8 },
        },
      ],
      explain: {
        queries: [
          {
            ...explained,
            query: 'traces',
            lexical: { candidates: 7, feedbackTerms: ['loop'] },
            vector: { scan: 'exact' as const, candidates: 9, embeddingSpaceId: STORE, model: 'm', dimensions: 3 },
            weights: { lexical: 0.25, vector: 0.75 },
          },
        ],
        reranker: 'judge',
        milliseconds: { total: 12 },
      },
    }));
    const body = await search({
      query: 'traces',
      ranking_options: { hybrid_search: { embedding_weight: 3, text_weight: 1 }, fusion: 'rrf', ranker: 'none' },
      neighbors: 1,
      explain: true,
    });
    expect(body.parley).toEqual({
      explain: {
        queries: [
          {
            ...explained,
            query: 'traces',
            lexical: { candidates: 7, feedback_terms: ['loop'] },
            vector: { scan: 'exact', candidates: 9, embedding_space_id: STORE, model: 'm', dimensions: 3 },
            weights: { embedding_weight: 0.75, text_weight: 0.25 },
          },
        ],
        reranker: 'judge',
        milliseconds: { total: 12 },
      },
    });
    expect(body.data[0]!.parley).toMatchObject({
      duplicates: [
        { chunk_id: formatId('chunk', CHUNK), file_id: formatId('file', FILE), filename: 'copy.pdf', ordinal: 1 },
      ],
      neighbors: [{ chunk_id: formatId('chunk', CHUNK), ordinal: 3, text: 'Then they run.', pages: null }],
      explain: { query: 'traces', lexical: { score: 7.5, rank: 1 }, vector: null, fused: 0.7, reranked: 0.8 },
      url: 'https://example.org/a.pdf',
    });
    expect(app.bus.asked(Search)[0]).toMatchObject({
      weights: { lexical: 1, vector: 3 },
      fusion: 'rrf',
      rerank: false,
      neighbors: 1,
      explain: true,
    });
  });
});
