import { afterAll, beforeAll, expect, it } from '@jest/globals';
import {
  describeWithPrivateServers,
  eventually,
  type ProviderStub,
  type Server,
  startPrivateRabbitMq,
  startProviderStub,
} from '@parley/testing';
import { type Heard, Listening } from './support/listening.js';
import { type LaunchedSuite, startRealSuite, type Suite } from './support/suite.js';

const STREAMS = 4;
const WORDS = Array.from({ length: 160 }, (_, index) => `wörd${index} `);
const ANSWER = WORDS.join('');
/** A listener looks for its run for half a minute before it gives up. */
const LISTENING = { timeoutMs: 45_000 };
const HEALING = { timeoutMs: 30_000 };

describeWithPrivateServers('a broker that goes away under answers', () => {
  let broker: Server;
  let provider: ProviderStub;
  let suite: Suite & LaunchedSuite;

  beforeAll(async () => {
    [broker, provider] = await Promise.all([startPrivateRabbitMq(), startProviderStub()]);
    suite = await startRealSuite(
      {
        ...{ OPENAI_BASE_URL: provider.baseUrl, OPENAI_API_KEY: provider.apiKey, OPENAI_MODEL: 'stub-chat' },
        CONVERSATION_TITLES: 'false',
      },
      (url) => Promise.resolve(url.startsWith('amqp') ? broker.endpoints.url : url),
    );
  });
  afterAll(async () => {
    await suite?.stop();
    await Promise.all([broker?.remove(), provider?.close()]);
  });

  it.each([
    ['with its data while they are being written', 100, () => broker.stop()],
    ['empty when they have been written', 20, () => broker.remove()],
  ])('loses and doubles no word of them when it returns %s', async (_how, intervalMs, takeAway) => {
    provider.answer = { tokens: WORDS, intervalMs };
    const requests = provider.requests.length;
    const asked = Array.from({ length: STREAMS }, ask);
    await Promise.all(asked.map(({ heard }) => eventually(() => expect(heard.text.length).toBeGreaterThan(100))));
    expect(asked.filter(({ heard }) => heard.text.length >= ANSWER.length)).toEqual([]);
    await takeAway();
    await broker.start();
    await eventually(() => {
      for (const { heard } of asked) expect(heard.isDone || heard.error).toBeTruthy();
    }, LISTENING);
    for (const { ended } of asked) expect(await hearOn(await ended)).toBe(ANSWER);
    expect(provider.requests).toHaveLength(requests + STREAMS);

    provider.answer = { tokens: WORDS };
    await eventually(async () => expect((await ask().ended).status).toBe(200), HEALING);
    for (const heard of await Promise.all(Array.from({ length: STREAMS }, () => ask().ended)))
      expect(heard).toMatchObject({ status: 200, text: ANSWER, isDone: true, error: null });
  });

  const headers = () => ({ authorization: `Bearer ${suite.apiKey}`, 'content-type': 'application/json' });

  /** All of the text: the stream goes on by itself, or it says that it was interrupted and is heard on from its place. */
  async function hearOn({ text, isDone, error, runId, lastId }: Heard): Promise<string> {
    if (isDone) return text;
    expect(error).toBe('stream_interrupted');
    const init = { headers: { ...headers(), 'last-event-id': lastId! } };
    return eventually(async () => {
      const rest = new Listening((signal) =>
        fetch(`${suite.baseUrl}/api/v1/runs/${runId}/events`, { ...init, signal }),
      );
      const heard = await rest.ended;
      expect(heard.isDone).toBe(true);
      return text + heard.text;
    }, HEALING);
  }

  function ask(): Listening {
    const body = { model: 'stub-chat', stream: true, messages: [{ role: 'user', content: 'Tell me.' }] };
    const init = { method: 'POST', headers: headers(), body: JSON.stringify(body) };
    return new Listening((signal) => fetch(`${suite.baseUrl}/v1/chat/completions`, { ...init, signal }));
  }
});
