import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { CreateConversation, formatId, StartRun } from '@parley/contracts';
import { LlmConfig, loadConfig, RetrievalConfig } from '@parley/config';
import { expectHealth, expectRefusal } from '../fixtures/guide-calls.fixture.js';
import { CITATION, COMPLETED, createRoutesApp, type RoutesApp, STRANGER, TENANT } from '../fixtures/routes.fixture.js';
import { RunningGateway } from '../fixtures/running-gateway.fixture.js';

/** The headers of the guide's call. */
const HEADERS = { 'X-User-ID': 'test', 'X-Session-ID': 'test' };

/** The call of the campus chatbot that clients make, as its guide shows it. */
describe('POST /api/chat', () => {
  let app: RoutesApp;
  let gateway: RunningGateway;
  beforeAll(async () => {
    [gateway, app] = await Promise.all([RunningGateway.startOffline(), createRoutesApp()]);
  });
  afterAll(() => Promise.all([gateway?.stop(), app?.close()]));
  beforeEach(() => {
    app.bus.reset();
    app.signedIn = TENANT;
    app.bus.on(CreateConversation, ({ id }) => ({ id }) as never);
    app.bus.acceptRuns({}, (run) => run.send({ type: 'text', text: 'Hi.' }, { ...COMPLETED, annotations: [CITATION] }));
  });

  const post = async (headers: Record<string, string> = {}, body: object = { message: 'Hello' }) => {
    const response = await fetch(`${app.url}/api/chat`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', ...HEADERS, ...headers },
      body: JSON.stringify(body),
    });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  };
  const conversations = () => app.bus.asked(StartRun).map(({ conversationId }) => conversationId);

  it('needs credentials: the header that names a user is none', () =>
    expectRefusal(gateway, { method: 'POST', path: '/api/chat', body: { message: 'Hello' }, headers: HEADERS }));

  it.each(['/api/health', '/health'])('tells anybody how the suite is: GET %s', (path) => expectHealth(gateway, path));

  it('goes on in no session of another tenant, whatever user and session are called', async () => {
    await post();
    app.signedIn = STRANGER;
    await post();
    const [mine, theirs] = conversations();
    expect(theirs).not.toBe(mine);
  });

  it('keeps its settings of model and search', () => {
    const settings = { GEMINI_API_KEY: 'g', GEMINI_TEMPERATURE: '0.6', SIMILARITY_THRESHOLD: '0.4' };
    const { llm, retrieval } = loadConfig({ llm: LlmConfig, retrieval: RetrievalConfig }, settings);
    expect(llm).toMatchObject({ providerKey: 'g', temperature: 0.6 });
    expect(llm.providerUrl).toContain('generativelanguage.googleapis.com');
    expect(retrieval.similarityThreshold).toBe(0.4);
  });

  it('answers as the guide asks for it', async () => {
    const { status, body } = await post();
    expect(status).toBe(200);
    const [run] = app.bus.asked(StartRun);
    expect(body).toMatchObject({
      response: 'Hi.',
      session_id: 'test',
      conversation_id: formatId('conversation', run!.conversationId!),
      citations: [{ filename: 'tracemonkey.pdf' }],
    });
    expect(run!.messages).toEqual([{ role: 'user', content: 'Hello' }]);
    expect(app.bus.asked(CreateConversation)).toEqual([
      { id: run!.conversationId, metadata: { session_id: 'test', user_id: 'test' } },
    ]);
  });

  it('goes on in a session, which every user of the client has of its own', async () => {
    for (const user of ['a', 'a', 'b']) await post({ 'X-User-ID': user });
    const [first, second, other] = conversations();
    expect(second).toBe(first);
    expect(other).not.toBe(first);
  });

  it('begins a session where none is named', async () => {
    const answers = [await post({ 'X-Session-ID': '' }), await post({ 'X-Session-ID': '' })];
    expect(new Set(answers.map(({ body }) => body['session_id'])).size).toBe(2);
    expect(new Set(conversations()).size).toBe(2);
  });

  it.each([
    ['message', {}, { message: '' }],
    ['message', {}, { message: 'x'.repeat(4_001) }],
    ['X-Session-ID', { 'X-Session-ID': 'x'.repeat(257) }, { message: 'Hello' }],
  ])('refuses a bad %s', async (param, headers, body) => {
    expect(await post(headers, body)).toMatchObject({ status: 400, body: { param } });
  });
});
