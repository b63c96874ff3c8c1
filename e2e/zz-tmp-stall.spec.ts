import { afterAll, afterEach, beforeAll, expect, it, jest } from '@jest/globals';
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

jest.setTimeout(60_000);

/** An answer that says no is due within this time. */
const REFUSAL_MS = 5_000;
const HEALING_MS = 15_000;
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
    const environment = { OPENAI_BASE_URL: stub.baseUrl, OPENAI_API_KEY: stub.apiKey };
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


  it('stall', async () => {
    wires.to('broker').stall();
    const t0 = Date.now();
    while (Date.now() - t0 < 60000) { process.stderr.write(JSON.stringify(await health(suite).catch(String)) + (Date.now() - t0) + '\n'); await new Promise(r => setTimeout(r, 5000)); }
    await wires.to('broker').restore();
    const t1 = Date.now();
    await serves().catch(String);
    process.stderr.write(`healed after ${Date.now() - t1}\n`);
  }, 200000);
});
