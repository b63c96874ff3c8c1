import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type ProviderStub, type RecordedRequest, startProviderStub } from '@parley/testing';
import { ApiClient } from './support/api-client.js';
import { createTenant, startEmbeddedSuite, type Suite } from './support/suite.js';

interface StreamEvent {
  type: string;
  [field: string]: unknown;
}

let stub: ProviderStub;
let suite: Suite;
let api: ApiClient;
/** Of another customer. */
let stranger: ApiClient;

const lastMessages = (): string[] => {
  const { body } = stub.requests.findLast(({ route }) => route === 'chat')!;
  return (body['messages'] as { content: string }[]).map(({ content }) => content);
};
const echo = ({ body }: RecordedRequest) => `You said: ${(body['messages'] as { content: string }[]).at(-1)!.content}`;

beforeAll(async () => {
  stub = await startProviderStub({ answer: echo });
  suite = await startEmbeddedSuite({
    ...{ OPENAI_BASE_URL: stub.baseUrl, OPENAI_API_KEY: stub.apiKey, OPENAI_MODEL: 'stub-chat' },
    CONVERSATION_TITLES: 'false',
  });
  api = new ApiClient(suite.baseUrl, suite.apiKey);
  stranger = new ApiClient(suite.baseUrl, await createTenant(suite, 'stranger'));
});
afterAll(async () => {
  await suite?.stop();
  await stub?.close();
});

describe('A client of the streaming chatbot (POST /api/chat/query/stream)', () => {
  let chatbotId: string;
  const sessionId = randomUUID();

  const ask = async (client: ApiClient, fields: object, key?: null) => {
    const body = { query: 'Hello', chatbotId, sessionId, enableTTS: false, ...fields };
    const { status, text } = await client.call('POST', '/api/chat/query/stream', {
      body,
      ...(key === null && { key }),
    });
    const frames = [...text.matchAll(/^data: (\{.*\})$/gm)];
    const events = status === 200 ? frames.map(([, data]) => JSON.parse(data!) as StreamEvent) : [];
    const said = events.map((event) => (event.type === 'text' ? event['text'] : '')).join('');
    return { status, events, said };
  };

  it('asks a chatbot in a session, and goes on in it', async () => {
    chatbotId = await api.id('POST', '/api/v1/assistants', { body: { name: 'Clerk', instructions: 'Be brief.' } });
    const { events, said } = await ask(api, {});
    expect(said).toBe('You said: Hello');
    expect([events[0], events.at(-1)]).toMatchObject([{ type: 'start', sessionId }, { type: 'done' }]);
    await ask(api, { query: 'And now?' });
    expect(lastMessages()).toEqual(['Be brief.', 'Hello', 'You said: Hello', 'And now?']);
  });

  it('hears the answer', async () => {
    const { events } = await ask(api, { query: 'One. Two.', enableTTS: true });
    const audio = events.filter(({ type }) => type === 'audio');
    expect(audio.map(({ text }) => text)).toEqual(['You said: One.', 'Two.']);
    expect(Buffer.from(String(audio[0]!['data']), 'base64').length).toBeGreaterThan(0);
  });

  it('needs a key, and reaches neither chatbot nor session of another tenant', async () => {
    expect((await ask(api, {}, null)).status).toBe(401);
    expect((await ask(stranger, {})).status).toBe(404);
    const { events } = await ask(stranger, { chatbotId: 'default', query: 'What did I say?' });
    expect(lastMessages()).toEqual(['What did I say?']);
    const conversation = `/api/v1/conversations/${String(events[0]!['conversationId'])}`;
    expect((await stranger.call('GET', conversation)).status).toBe(200);
    expect((await api.call('GET', conversation)).status).toBe(404);
  });
});

describe('A client of the campus chatbot (POST /api/chat)', () => {
  const headers = { 'X-User-ID': 'test', 'X-Session-ID': 'test' };
  const say = (client: ApiClient, message: string, more: { key?: null; headers?: Record<string, string> } = {}) =>
    client.call('POST', '/api/chat', { body: { message }, headers, ...more });

  it('says something in a session, and goes on in it as the same user alone', async () => {
    expect((await say(api, 'Hello')).json).toMatchObject({ response: 'You said: Hello', session_id: 'test' });
    await say(api, 'Again');
    expect(lastMessages()).toEqual(['Hello', 'You said: Hello', 'Again']);
    await say(api, 'Me too', { headers: { ...headers, 'X-User-ID': 'other' } });
    expect(lastMessages()).toEqual(['Me too']);
  });

  it('needs a key, and reaches no session of another tenant', async () => {
    expect((await say(api, 'Hello', { key: null })).status).toBe(401);
    const { json } = await say(stranger, 'What did I say?');
    expect(lastMessages()).toEqual(['What did I say?']);
    expect((await api.call('GET', `/api/v1/conversations/${String(json!['conversation_id'])}`)).status).toBe(404);
  });
});

describe('Clients of all of them', () => {
  it.each(['/health', '/api/health', '/api/status/health'])('are told how the suite is: GET %s', async (path) => {
    const { status, json } = await api.call('GET', path, { key: null });
    expect([status, json]).toMatchObject([
      200,
      { status: 'healthy', version: expect.any(String), timestamp: expect.any(String), database: true, llm: true },
    ]);
  });

  it.each(['/api/status/detailed', '/api/status/metrics', '/metrics', '/v1/models'])(
    'need a key: GET %s',
    async (path) => {
      expect((await api.call('GET', path, { key: null })).status).toBe(401);
      expect((await api.call('GET', path)).status).toBe(200);
    },
  );
});
