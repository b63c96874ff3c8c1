import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { LlmConfig, loadConfig, RetrievalConfig } from '@parley/config';
import { DomainError, formatId, GetMessage, ListMessages, StartRun } from '@parley/contracts';
import { expectDocs, expectHealth, expectRefusal, type GuideCall } from '../fixtures/guide-calls.fixture.js';
import {
  COMPLETED,
  createRoutesApp,
  messageView,
  type RoutesApp,
  STRANGER,
  TENANT,
} from '../fixtures/routes.fixture.js';
import { RunningGateway } from '../fixtures/running-gateway.fixture.js';

const CONVERSATION = formatId('conversation', '0198c0de-0000-7000-8000-00000000c0de');
const MESSAGES = `/api/v1/conversations/${CONVERSATION}/messages`;

/** The calls and settings of the companion on LM Studio, as its guide shows them; how it is talked to the guide leaves out. */
describe('A client of the companion on LM Studio', () => {
  let gateway: RunningGateway;
  let app: RoutesApp;
  beforeAll(async () => {
    [gateway, app] = await Promise.all([RunningGateway.startOffline(), createRoutesApp()]);
  });
  afterAll(() => Promise.all([gateway?.stop(), app?.close()]));
  beforeEach(() => {
    app.bus.reset();
    app.signedIn = TENANT;
    app.bus.acceptRuns({}, (run) => run.send({ type: 'text', text: 'Hi.' }, COMPLETED));
    app.bus.on(GetMessage, () => messageView({ content: 'Hi.' }));
  });

  const post = async (content: string) => {
    const response = await fetch(app.url + MESSAGES, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ content }),
    });
    return [response.status, await response.json()];
  };

  it('asks anonymously how it is', () => expectHealth(gateway, '/health'));

  it('reads the documentation', () => expectDocs(gateway, '/docs'));

  it.each<GuideCall>([
    { method: 'GET', path: '/metrics' },
    { method: 'POST', path: MESSAGES, body: { content: 'Hello' } },
    { method: 'GET', path: MESSAGES },
  ])('needs credentials: $method $path', (call) => expectRefusal(gateway, call));

  it('says 4000 characters at most, however many bytes they have', async () => {
    expect(await post('ü'.repeat(4_000))).toMatchObject([200, { content: 'Hi.' }]);
    expect(await post('x'.repeat(4_001))).toMatchObject([400, { code: 'message_too_long', param: 'content' }]);
    expect(app.bus.asked(StartRun)).toHaveLength(1);
  });

  it('does not reach the memory of somebody else', async () => {
    const unlessMine = (_request: object, { tenantId }: { tenantId: string }) => {
      if (tenantId !== TENANT.tenantId) throw DomainError.notFound('conversation');
      return { data: [], hasMore: false };
    };
    app.bus.on(ListMessages, unlessMine as never).on(StartRun, unlessMine as never);
    app.signedIn = STRANGER;
    expect(await post('What did I tell you?')).toMatchObject([404, { code: 'not_found' }]);
    expect((await fetch(app.url + MESSAGES)).status).toBe(404);
  });

  it('keeps its settings of model and memory', () => {
    const settings = {
      LM_STUDIO_BASE_URL: 'http://llm-service:1234/v1',
      LM_STUDIO_MODEL_NAME: 'production-model',
      LM_STUDIO_TEMPERATURE: '0.7',
      LM_STUDIO_MAX_TOKENS: '2000',
      LONG_TERM_MEMORY_TOP_K: '5',
      MEMORY_SIMILARITY_THRESHOLD: '0.7',
    };
    const { llm, retrieval } = loadConfig({ llm: LlmConfig, retrieval: RetrievalConfig }, settings);
    expect(llm).toMatchObject({
      ...{ providerUrl: 'http://llm-service:1234/v1', model: 'production-model' },
      ...{ temperature: 0.7, maxOutputTokens: 2_000 },
    });
    expect(retrieval).toMatchObject({ maxResults: 5, similarityThreshold: 0.7 });
    expect(loadConfig({ llm: LlmConfig }, { TEMPERATURE: '0.2', MAX_TOKENS: '50' }).llm).toMatchObject({
      ...{ temperature: 0.2, maxOutputTokens: 50 },
    });
  });
});
