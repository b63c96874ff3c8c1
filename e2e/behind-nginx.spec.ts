import { setTimeout as delay } from 'node:timers/promises';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import {
  describeWithServices,
  eventually,
  type ProviderStub,
  startProviderStub,
  startTcpProxy,
  type TcpProxy,
} from '@parley/testing';
import { type AppProcess } from './support/app-process.js';
import { type Heard, Listening } from './support/listening.js';
import { Nginx } from './support/nginx.js';
import { type LaunchedSuite, startRealSuite, type Suite } from './support/suite.js';

const WORDS = Array.from({ length: 120 }, (_, index) => `wörd${index} `);
const ANSWER = WORDS.join('');
/** Of one client: processes that start at the same time need the machine too. */
const BETWEEN_REQUESTS_MS = 150;
const START = { timeoutMs: 120_000 };

describeWithServices('answers of several gateways and chat services behind nginx', () => {
  let provider: ProviderStub;
  let broker: TcpProxy | undefined;
  let suite: Suite & LaunchedSuite;
  let nginx: Nginx | undefined;
  let gateways: { app: AppProcess; url: string }[];
  let chats: AppProcess[];
  const trusted = getCACertificates();

  beforeAll(async () => {
    provider = await startProviderStub();
    suite = await startRealSuite(
      {
        ...{ OPENAI_BASE_URL: provider.baseUrl, OPENAI_API_KEY: provider.apiKey, OPENAI_MODEL: 'stub-chat' },
        CONVERSATION_TITLES: 'false',
        TRUSTED_PROXIES: 'loopback',
      },
      async (url) => {
        if (!url.startsWith('amqp')) return url;
        broker = await startTcpProxy(url);
        return broker.url;
      },
    );
    const [gateway, chat] = suite.processes;
    const [second, other] = await Promise.all([another('gateway'), another('chat')]);
    gateways = [{ app: gateway!, url: suite.baseUrl }, second];
    chats = [chat!, other.app];
    nginx = await Nginx.start(gateways.map(({ url }) => url));
    setDefaultCACertificates([...trusted, nginx.certificate]);
  });
  afterAll(async () => {
    setDefaultCACertificates(trusted);
    await nginx?.stop();
    await suite?.stop();
    await broker?.close();
    await provider?.close();
  });
  afterEach(() => {
    provider.answer = 'Yes.';
  });

  const headers = () => ({ authorization: `Bearer ${suite.apiKey}`, 'content-type': 'application/json' });
  const chatRequests = () => provider.requests.filter(({ route }) => route === 'chat').length;

  async function another(name: string) {
    const added = await suite.add(name);
    await isReady(added.url);
    return added;
  }

  const isReady = (url: string) =>
    eventually(async () => expect((await fetch(`${url}/health/ready`)).status).toBe(200), START);

  /** Starts an app again where it was, so that nginx finds it again. */
  async function startAgain(gateway: { app: AppProcess; url: string }): Promise<void> {
    gateway.app = gateway.app.startAgain();
    suite.processes.push(gateway.app);
    await isReady(gateway.url);
  }

  function ask(intervalMs = 25, { words = WORDS, reading }: { words?: string[]; reading?: Promise<unknown> } = {}) {
    provider.answer = { tokens: words, intervalMs };
    const body = { model: 'stub-chat', stream: true, messages: [{ role: 'user', content: 'Tell me.' }] };
    const init = { method: 'POST', headers: headers(), body: JSON.stringify(body) };
    return new Listening((signal) => fetch(`${nginx!.baseUrl}/v1/chat/completions`, { ...init, signal }), reading);
  }

  function resume({ runId, lastId }: Heard): Listening {
    const init = { headers: { ...headers(), 'last-event-id': lastId ?? '0' } };
    return new Listening((signal) => fetch(`${nginx!.baseUrl}/api/v1/runs/${runId}/events`, { ...init, signal }));
  }

  /** Hears on where the stream broke, as often as it breaks. */
  async function follow(listening: Listening): Promise<Heard> {
    const heard = { ...(await listening.ended) };
    for (let tries = 0; !heard.isDone && tries < 10; tries++) {
      const next = await resume(heard).ended;
      heard.text += next.text;
      heard.lastId = next.lastId ?? heard.lastId;
      heard.isDone = next.isDone;
    }
    return heard;
  }

  async function runOf({ runId }: Heard): Promise<{ status: string; output: { text: string } | null }> {
    return (await fetch(`${nginx!.baseUrl}/api/v1/runs/${runId}`, { headers: headers() })).json() as never;
  }

  /** Until some of the answer has arrived. */
  const underWay = ({ heard }: Listening) => eventually(() => expect(heard.text.length).toBeGreaterThan(200));

  it('arrive as they are written', async () => {
    const listening = ask(25);
    await underWay(listening);
    expect(listening.heard.text.length).toBeLessThan(ANSWER.length);
    expect(await listening.ended).toMatchObject({ text: ANSWER, isDone: true });
    const redirect = await fetch(`${nginx!.plainUrl}/v1/models?limit=1`, { redirect: 'manual' });
    expect(redirect.status).toBe(308);
    expect(redirect.headers.get('location')).toBe('https://localhost/v1/models?limit=1');
    expect(await nginx!.get('/metrics')).toBe(404);
  });

  it('are heard on the other gateway, byte by byte, when the one they came from is killed', async () => {
    const asked = Array.from({ length: 4 }, () => ask());
    await Promise.all(asked.map(underWay));
    gateways[1]!.app.kill('SIGKILL');
    const broken = await Promise.all(asked.map(({ ended }) => ended));
    const cut = broken.filter(({ isDone }) => !isDone);
    expect(cut.length).toBeGreaterThan(0);
    for (const heard of cut) {
      const rest = await resume(heard).ended;
      expect(rest.isDone).toBe(true);
      expect(heard.text + rest.text).toBe(ANSWER);
      const afterwards = await resume(heard).ended;
      expect(heard.text + afterwards.text).toBe(ANSWER);
      expect(afterwards.lastId).toBe(rest.lastId);
      const path = `/api/v1/runs/${heard.runId}/events?starting_after=${rest.lastId}`;
      expect((await fetch(nginx!.baseUrl + path, { headers: headers() })).status).toBe(204);
    }
    await startAgain(gateways[1]!);
  });

  it('go on in the same stream when the connections to the broker are cut', async () => {
    const listening = ask(40);
    await underWay(listening);
    broker!.cutConnections();
    const heard = await listening.ended;
    expect(heard).toMatchObject({ text: ANSWER, isDone: true });
  });

  it('are stopped through any gateway, and keep what they have said', async () => {
    for (const { url } of gateways) {
      const listening = ask();
      await underWay(listening);
      const path = `/api/v1/runs/${listening.heard.runId}/cancel`;
      const response = await fetch(url + path, {
        method: 'POST',
        headers: { authorization: `Bearer ${suite.apiKey}` },
      });
      expect(await response.json()).toMatchObject({ status: 'cancelled' });
      const heard = await listening.ended;
      expect(heard.isDone).toBe(true);
      expect(ANSWER.startsWith(heard.text)).toBe(true);
      expect((await runOf(heard)).output!.text).toBe(heard.text);
      await eventually(() => expect(provider.requests.at(-1)).toMatchObject({ aborted: true }));
    }
  });

  it('are written at full speed for clients that do not read, who hear all of it in the end', async () => {
    const words = Array.from({ length: 1_000 }, (_, index) => `slöwly${index}${' and on'.repeat(500)}`);
    let read!: () => void;
    const slow = ask(0, { words, reading: new Promise<void>((resolve) => (read = resolve)) });
    await eventually(() => expect(slow.heard.status).toBe(200));
    await eventually(() =>
      expect(provider.requests.at(-1)).toMatchObject({ tokensSent: words.length, aborted: false }),
    );
    read();
    expect((await follow(slow)).text).toBe(words.join(''));
  });

  it('are interrupted when a chat service is killed, keep their text, and are never written again', async () => {
    const asked = Array.from({ length: 4 }, () => ask());
    await Promise.all(asked.map(underWay));
    await Promise.all(
      asked.map(({ heard }) => eventually(async () => expect((await runOf(heard)).output?.text).toMatch(/^wörd0 /))),
    );
    const before = chatRequests();
    chats[1]!.kill('SIGKILL');
    const all = await Promise.all(asked.map(({ ended }) => ended));
    const interrupted = all.filter(({ isDone, error }) => error === 'stream_interrupted' || !isDone);
    expect(interrupted.length).toBeGreaterThan(0);
    for (const heard of all) {
      const run = await runOf(heard);
      expect(run.status).toBe(interrupted.includes(heard) ? 'interrupted' : 'completed');
      expect(ANSWER.startsWith(run.output!.text)).toBe(true);
    }
    expect(chatRequests()).toBe(before);
    expect((await ask(0).ended).text).toBe(ANSWER);
    chats[1] = (await another('chat')).app;
  });

  it('are all whole while every app is restarted, one after the other, and no request fails', async () => {
    const words = WORDS.slice(0, 30);
    provider.answer = { tokens: words, intervalMs: 25 };
    const store = await call('POST', '/v1/vector_stores', { name: 'store' });
    const { id: storeId } = (await store.json()) as { id: string };
    const requests = [
      async () => {
        const heard = await ask(25, { words }).ended;
        expect(heard).toMatchObject({ status: 200, text: words.join(''), isDone: true, error: null });
      },
      async () => {
        const body = { model: 'stub-chat', messages: [{ role: 'user', content: 'Tell me.' }] };
        const answer = await call('POST', '/v1/chat/completions', body);
        expect([answer.status, await answer.text()]).toEqual([200, expect.stringContaining(words.join(''))]);
      },
      () => isServed('GET', '/api/v1/conversations'),
      () => isServed('POST', `/v1/vector_stores/${storeId}/search`, { query: 'anything' }),
      () => isServed('POST', '/v1/vector_stores', { name: 'another' }),
    ];
    let isOver = false;
    const failures: unknown[] = [];
    const counts = requests.map(() => 0);
    const load = [...requests, ...requests].map(async (request, index) => {
      while (!isOver) {
        await request().catch((error: unknown) => failures.push(String(error).slice(0, 400)));
        counts[index % requests.length]!++;
        await delay(BETWEEN_REQUESTS_MS);
      }
    });
    try {
      await rollingRestart();
    } finally {
      isOver = true;
      await Promise.all(load);
    }
    expect({ failures: failures.slice(0, 3), nginx: failures.length ? nginx!.complaints : '' }).toEqual({
      failures: [],
      nginx: '',
    });
    for (const count of counts) expect(count).toBeGreaterThan(10);
  });

  /** A new one first, as Kubernetes does; gateways in their place, as Compose does. */
  async function rollingRestart(): Promise<void> {
    const [, , memory, worker] = suite.processes;
    for (const app of [...chats, memory!, worker!]) {
      await another(app.name);
      expect(await app.stop()).toBe(0);
    }
    for (const gateway of gateways) {
      expect(await gateway.app.stop()).toBe(0);
      await startAgain(gateway);
    }
  }

  function call(method: string, path: string, body?: object): Promise<Response> {
    return fetch(nginx!.baseUrl + path, {
      method,
      headers: headers(),
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
  }

  async function isServed(method: string, path: string, body?: object): Promise<void> {
    const response = await call(method, path, body);
    expect([response.status, response.status === 200 ? '' : await response.text()]).toEqual([200, '']);
    await response.body?.cancel();
  }
});
