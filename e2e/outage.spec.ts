import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import {
  describeWithServices,
  eventually,
  type ProviderStub,
  startProviderStub,
  startTcpProxy,
  type TcpProxy,
} from '@parley/testing';
import OpenAI from 'openai';
import { ApiClient, type ApiRequest, expectError } from './support/api-client.js';
import {
  ADMIN,
  createApiKey,
  launchRealSuite,
  type LaunchedSuite,
  startRealSuite,
  type Suite,
} from './support/suite.js';

/** An answer that says no is due within this time. */
const REFUSAL_MS = 5_000;
const HEALING_MS = 15_000;
const START_MS = 180_000;
/** A listener looks for its run for half a minute before it gives up. */
const LISTENING_MS = 45_000;
const ANSWER = 'I am here.';
const CHAT = { model: 'default', messages: [{ role: 'user' as const, content: 'Is anybody there?' }] };

const SERVERS = ['broker', 'database'] as const;
type Server = (typeof SERVERS)[number];

/** Wires between the processes and their servers, to be cut. */
class Wires {
  readonly #wires = new Map<Server, TcpProxy>();

  link = async (url: string): Promise<string> => {
    const wire = await startTcpProxy(url);
    this.#wires.set(url.startsWith('amqp') ? 'broker' : 'database', wire);
    return wire.url;
  };

  to(server: Server): TcpProxy {
    return this.#wires.get(server)!;
  }

  async close(): Promise<void> {
    for (const wire of this.#wires.values()) await wire.close();
  }
}

async function statusOf(url: string): Promise<number> {
  const { status } = await fetch(url, { signal: AbortSignal.timeout(REFUSAL_MS) });
  return status;
}

/** What every process says of itself, and the gateway of all. */
async function health({ baseUrl, urls }: LaunchedSuite) {
  const [suite, ready, live] = await Promise.all([
    statusOf(`${baseUrl}/health`),
    Promise.all(urls.map((url) => statusOf(`${url}/health/ready`))),
    Promise.all(urls.map((url) => statusOf(`${url}/health/live`))),
  ]);
  return { suite, ready, live };
}

const all = (status: number) => Array<number>(4).fill(status);
const SERVING = { suite: 200, ready: all(200), live: all(200) };
const WAITING = { suite: 503, ready: all(503), live: all(200) };

const reaches = (suite: LaunchedSuite, expected: object, timeoutMs: number) =>
  eventually(async () => expect(await health(suite)).toEqual(expected), { timeoutMs, intervalMs: 200 });

describeWithServices('A suite in an outage', () => {
  const wires = new Wires();
  let stub: ProviderStub;
  let suite: Suite & LaunchedSuite;
  let api: ApiClient;
  let client: OpenAI;
  let storeId: string;

  beforeAll(async () => {
    stub = await startProviderStub({ answer: ANSWER });
    const environment = { OPENAI_BASE_URL: stub.baseUrl, OPENAI_API_KEY: stub.apiKey, SHUTDOWN_TIMEOUT_MS: '2000' };
    suite = await startRealSuite(environment, wires.link);
    api = new ApiClient(suite.baseUrl, suite.apiKey);
    client = new OpenAI({ baseURL: `${suite.baseUrl}/v1`, apiKey: suite.apiKey, maxRetries: 0 });
    storeId = await api.id('POST', '/v1/vector_stores', { body: { name: 'store' } });
  });
  afterAll(async () => {
    await suite?.stop();
    await wires.close();
    await stub?.close();
  });

  afterEach(async () => {
    for (const server of SERVERS) await wires.to(server).restore();
  });

  const upload = () => {
    const form = new FormData();
    form.set('purpose', 'assistants');
    form.set('file', new Blob(['text']), 'text.txt');
    return form;
  };
  const requests = (): [method: string, path: string, request: ApiRequest][] => [
    ['POST', '/v1/chat/completions', { body: CHAT }],
    ['POST', '/v1/chat/completions', { body: { ...CHAT, stream: true } }],
    ['POST', '/v1/files', { body: upload() }],
    ['GET', '/v1/files', {}],
    ['POST', `/v1/vector_stores/${storeId}/search`, { body: { query: 'anything' } }],
    ['GET', '/api/v1/conversations', {}],
    ['POST', '/api/v1/assistants', { body: { name: 'x' } }],
  ];

  async function refusesEverything(): Promise<void> {
    const outcomes = requests().map(async ([method, path, request]) => {
      const startedAt = performance.now();
      const answer = await api.call(method, path, request);
      expectError(path, answer, { status: 503, code: 'service_unavailable' });
      expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
      expect(performance.now() - startedAt).toBeLessThan(REFUSAL_MS);
    });
    await Promise.all(outcomes);
  }

  async function serves(): Promise<void> {
    await reaches(suite, SERVING, HEALING_MS);
    const completion = await client.chat.completions.create(CHAT);
    expect(completion.choices[0]!.message.content).toBe(ANSWER);
    expect(suite.processes.every((app) => app.isRunning)).toBe(true);
  }

  it.each(SERVERS)('says 503 and when to come back while the %s is away, and heals by itself', async (server) => {
    wires.to(server).sever();
    await refusesEverything();
    await reaches(suite, WAITING, REFUSAL_MS);
    await wires.to(server).restore();
    await serves();
  });

  it.each(SERVERS)('does not wait without end for a %s that has gone silent', async (server) => {
    wires.to(server).stall();
    const lists = ['/v1/files', '/api/v1/conversations'].map((path) => api.call('GET', path));
    for (const { status } of await Promise.all(lists)) expect([503, 504]).toContain(status);
    await wires.to(server).restore();
    await serves();
  });

  it.each([
    { server: 'broker', kept: 'token14' },
    { server: 'database', kept: 'token0' },
  ] as const)(
    'ends a stream with an error when the $server goes in the middle of it and stays away, and keeps the text',
    async ({ server, kept }) => {
      stub.answer = { tokens: Array.from({ length: 15 }, (_, index) => `token${index} `), intervalMs: 200 };
      const stream = await client.chat.completions.create({ ...CHAT, stream: true });
      let conversationId = '';
      let cutAt = 0;
      const reading = (async () => {
        for await (const chunk of stream as AsyncIterable<OpenAI.ChatCompletionChunk & { conversation_id?: string }>) {
          conversationId ||= chunk.conversation_id ?? '';
          if (!chunk.choices[0]?.delta.content?.includes('token5')) continue;
          cutAt = performance.now();
          wires.to(server).sever();
        }
      })();
      await expect(reading).rejects.toMatchObject({
        code: expect.stringMatching(/^(stream_interrupted|service_unavailable)$/),
      });
      expect(performance.now() - cutAt).toBeLessThan(LISTENING_MS);
      stub.answer = ANSWER;
      await wires.to(server).restore();
      await serves();
      const path = `/api/v1/conversations/${conversationId}/messages?order=asc`;
      await eventually(
        async () => {
          const { json } = await api.call('GET', path);
          expect(json!['data']).toMatchObject([{ role: 'user' }, { content: expect.stringContaining(kept) }]);
        },
        { timeoutMs: HEALING_MS, intervalMs: 100 },
      );
    },
  );

  it('tells a client whose answer is being written that its gateway stops', async () => {
    stub.answer = { tokens: Array<string>(100).fill('on and on '), intervalMs: 200 };
    const stream = await client.chat.completions.create({ ...CHAT, stream: true });
    const [gateway] = suite.processes;
    gateway!.kill('SIGTERM');
    const reading = (async () => {
      for await (const chunk of stream) expect(chunk.object).toBe('chat.completion.chunk');
    })();
    await expect(reading).rejects.toMatchObject({ code: 'stream_interrupted' });
    expect(await gateway!.exited).toBe(0);
  });
});

describeWithServices('A suite that starts in an outage', () => {
  it('says that it is not ready, and is when its servers come', async () => {
    const wires = new Wires();
    const suite = await launchRealSuite({}, async (url) => {
      const linked = await wires.link(url);
      wires.to(url.startsWith('amqp') ? 'broker' : 'database').sever();
      return linked;
    });
    try {
      await reaches(suite, WAITING, START_MS);
      await wires.to('broker').restore();
      await wires.to('database').restore();
      await reaches(suite, SERVING, START_MS);
      // The first administrator is made a moment after the database has come.
      const key = await eventually(() => createApiKey(suite.baseUrl, ADMIN.email, ADMIN.password), {
        timeoutMs: HEALING_MS,
        intervalMs: 200,
      });
      const api = new ApiClient(suite.baseUrl, key);
      expect((await api.call('POST', '/v1/chat/completions', { body: CHAT })).status).toBe(200);
    } finally {
      await suite.stop();
      await wires.close();
    }
  });
});
