import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { LlmConfig, loadConfig, RetrievalConfig } from '@parley/config';
import { ListModels } from '@parley/contracts';
import { expectDocs, expectHealth, expectRefusal, type GuideCall } from '../fixtures/guide-calls.fixture.js';
import { createRoutesApp, type RoutesApp, STRANGER } from '../fixtures/routes.fixture.js';
import { RunningGateway } from '../fixtures/running-gateway.fixture.js';

/** The calls and settings of the chatbot on Supabase and ChromaDB, as its guide shows them. */
describe('A client of the chatbot on Supabase and ChromaDB', () => {
  let gateway: RunningGateway;
  let app: RoutesApp;
  beforeAll(async () => {
    [gateway, app] = await Promise.all([RunningGateway.startOffline(), createRoutesApp()]);
  });
  afterAll(() => Promise.all([gateway?.stop(), app?.close()]));
  beforeEach(() => app.bus.reset());

  it('asks anonymously how it is', () => expectHealth(gateway, '/api/status/health'));

  it('reads the documentation', () => expectDocs(gateway, '/api/docs'));

  it.each<GuideCall>([
    { method: 'GET', path: '/api/status/detailed' },
    { method: 'GET', path: '/api/status/metrics' },
    { method: 'GET', path: '/v1/models' },
  ])('needs credentials: $method $path', (call) => expectRefusal(gateway, call));

  it('checks its key by the list of models, which is its own', async () => {
    app.bus.on(ListModels, (_request, { tenantId }) => [
      { id: `model-of-${tenantId.slice(-1)}`, createdAt: '2026-01-02T03:04:05.678Z', ownedBy: 'openai' },
    ]);
    const ids = async () => {
      const response = await fetch(`${app.url}/v1/models`, { headers: { Authorization: 'Bearer pk_any' } });
      expect(response.status).toBe(200);
      return ((await response.json()) as { data: { id: string }[] }).data.map(({ id }) => id);
    };
    expect(await ids()).toEqual(['model-of-1']);
    app.signedIn = STRANGER;
    expect(await ids()).toEqual(['model-of-3']);
  });

  it('keeps its settings of model, search and answers', () => {
    const settings = {
      OPENAI_API_KEY: 'sk-proj-1',
      OPENAI_MODEL: 'gpt-4',
      OPENAI_MAX_TOKENS: '1000',
      OPENAI_TEMPERATURE: '0.7',
      OPENAI_EMBEDDING_MODEL: 'text-embedding-ada-002',
      SIMILARITY_THRESHOLD: '0.7',
      MAX_VECTOR_RESULTS: '5',
    };
    const { llm, retrieval } = loadConfig({ llm: LlmConfig, retrieval: RetrievalConfig }, settings);
    expect(llm).toMatchObject({
      ...{ apiKey: 'sk-proj-1', model: 'gpt-4', maxOutputTokens: 1_000, temperature: 0.7 },
      embeddingModel: 'text-embedding-ada-002',
    });
    expect(retrieval).toMatchObject({ similarityThreshold: 0.7, maxResults: 5 });
  });
});
