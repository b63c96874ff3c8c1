import { setTimeout as delay } from 'node:timers/promises';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import {
  describeWithServices,
  eventually,
  type Fault,
  type PacedAnswer,
  type ProviderStub,
  type RecordedRequest,
  startProviderStub,
  startTcpProxy,
  type TcpProxy,
} from '@parley/testing';
import { SocketClient } from '../apps/gateway/src/sockets/socket-client.fixture.js';
import { type AppProcess } from './support/app-process.js';
import { type Heard, Listening } from './support/listening.js';
import { Nginx } from './support/nginx.js';
import { type LaunchedSuite, startRealSuite, type Suite } from './support/suite.js';
import { WeatherService } from './support/weather-service.js';

const WORDS = Array.from({ length: 120 }, (_, index) => `wörd${index} `);
const ANSWER = WORDS.join('');
/** Of one client: processes that start at the same time need the machine too. */
const BETWEEN_REQUESTS_MS = 150;
const START = { timeoutMs: 120_000 };
/** Within this time after the death of its process a run is interrupted. */
const DEATH_NOTICED = { timeoutMs: 10_000 };

interface StoredRun {
  status: string;
  conversation_id: string;
  message_id: string;
  output: { text: string } | null;
}

describeWithServices('answers of several gateways and chat services behind nginx', () => {
  let provider: ProviderStub;
  let weather: WeatherService;
  let broker: TcpProxy | undefined;
  let suite: Suite & LaunchedSuite;
  let nginx: Nginx | undefined;
  let gateways: { app: AppProcess; url: string }[];
  let chats: AppProcess[];
  const trusted = getCACertificates();

  beforeAll(async () => {
    [provider, weather] = await Promise.all([startProviderStub(), WeatherService.start()]);
    suite = await startRealSuite(
      {
        ...{ OPENAI_BASE_URL: provider.baseUrl, OPENAI_API_KEY: provider.apiKey, OPENAI_MODEL: 'stub-chat' },
        CONVERSATION_TITLES: 'false',
        TRUSTED_PROXIES: 'loopback',
        ...weather.environment,
        HTTP_TOOL_TIMEOUT_MS: '120000',
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
    weather?.close();
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

  async function runOf({ runId }: Heard): Promise<StoredRun> {
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

  it.each([
    ['while a tool works', false, 'Let me look.', ['weather started']],
    ['while the model hangs after its tool', true, 'Let me look.\n\nClear', ['weather started', 'weather completed']],
  ])('keep text and steps when their chat service is killed %s, and can be gone on with', async (...round) => {
    const [, isToolDone, text, steps] = round;
    weather.isAnswering = isToolDone;
    provider.answer = weatherAnswer({ kind: 'hang-mid-stream', afterTokens: 1 });
    const asked = await askAboutWeather(3);
    await Promise.all(
      asked.map(({ heard }) => eventually(async () => expect((await runOf(heard)).output?.text).toBe(text))),
    );
    if (!isToolDone) await eventually(() => expect(weather.waiting).toHaveLength(asked.length));
    const heir = await another('chat');
    const before = chatRequests();
    for (const chat of chats) chat.kill('SIGKILL');
    await eventually(async () => {
      const runs = await Promise.all(asked.map(({ heard }) => runOf(heard)));
      expect(runs.map(({ status }) => status)).toEqual(asked.map(() => 'interrupted'));
    }, DEATH_NOTICED);
    for (const { ended } of asked)
      expect(await ended).toMatchObject({ text, steps, isDone: false, error: 'stream_interrupted' });
    for (const { heard } of asked) {
      expect((await runOf(heard)).output!.text).toBe(text);
      const again = await resume({ ...heard, lastId: null }).ended;
      expect(again).toMatchObject({ text, steps, isDone: false, error: 'stream_interrupted' });
    }
    expect(chatRequests()).toBe(before);
    chats = [heir.app, (await another('chat')).app];

    weather.waiting.length = 0;
    weather.isAnswering = true;
    provider.answer = weatherAnswer();
    const run = await runOf(asked[0]!.heard);
    const path = `/api/v1/conversations/${run.conversation_id}/messages/${run.message_id}`;
    for (const [way, expected] of [
      ['continue', new RegExp(`^${text}[^]* skies\\.$`)],
      ['regenerate', /^Let me look\.\n\nClear skies\.$/],
    ] as const) {
      const answer = await call('POST', `${path}/${way}`, {});
      expect(await answer.json()).toMatchObject({ status: 'completed', content: expect.stringMatching(expected) });
    }
  });

  it('are all heard on a new socket to the other gateway when the one that held the old socket is killed', async () => {
    provider.answer = { tokens: WORDS, intervalMs: 25 };
    const names = ['a', 'b', 'c'];
    const request = { model: 'stub-chat', messages: [{ role: 'user', content: 'Tell me.' }] };
    const open = () => SocketClient.open(`${nginx!.baseUrl.replace('http', 'ws')}/ws`, [], { headers: headers() });
    // nginx chooses the gateway with the fewest connections: each of them holds one.
    const clients = [await open(), await open()];
    for (const client of clients) for (const id of names) client.say({ type: 'start', id, request });
    await eventually(() => {
      for (const client of clients) for (const id of names) expect(client.textOf(id).length).toBeGreaterThan(200);
    });
    const before = chatRequests();
    gateways[1]!.app.kill('SIGKILL');
    const cut = await eventually(() => {
      const closed = clients.filter(({ socket }) => socket.readyState === socket.CLOSED);
      expect(closed).toHaveLength(1);
      return closed[0]!;
    });
    const next = await open();
    for (const id of names) {
      expect(ANSWER.length).toBeGreaterThan(cut.textOf(id).length);
      const run = cut.of(id)[0]!.data.id;
      next.say({ type: 'subscribe', id, run, starting_after: placesOf(cut, id).at(-1) });
    }
    const whole = clients.find((client) => client !== cut)!;
    for (const client of [next, whole])
      for (const id of names) await client.until((event) => event.type === 'done' && event.id === id);
    for (const id of names) {
      expect(cut.textOf(id) + next.textOf(id)).toBe(ANSWER);
      expect(whole.textOf(id)).toBe(ANSWER);
      const places = [...placesOf(cut, id), ...placesOf(next, id)];
      expect(places).toEqual([...new Set(places)].sort((a, b) => a - b));
    }
    expect(chatRequests()).toBe(before);
    for (const { socket } of [next, whole]) socket.close();
    await startAgain(gateways[1]!);
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

  /** Says something and calls its tool; `fault` befalls the answer behind the result. */
  function weatherAnswer(fault?: Fault) {
    return ({ body }: RecordedRequest): PacedAnswer => {
      const isAnswered = (body['messages'] as { role: string }[]).some(({ role }) => role === 'tool');
      const toolCalls = [{ id: 'call_1', name: 'weather', arguments: '{}' }];
      return isAnswered ? { tokens: ['Clear', ' skies.'], fault } : { tokens: ['Let me', ' look.'], toolCalls };
    };
  }

  /** In conversations with an assistant that has the tool. */
  async function askAboutWeather(count: number): Promise<Listening[]> {
    const assistant = await call('POST', '/api/v1/assistants', { name: 'Clerk', tools: [weather.tool] });
    const { id: assistant_id } = (await assistant.json()) as { id: string };
    const ask = async () => {
      const conversation = await call('POST', '/api/v1/conversations', { assistant_id });
      const { id } = (await conversation.json()) as { id: string };
      const body = { content: 'How is the weather?', stream: true };
      return new Listening(() => call('POST', `/api/v1/conversations/${id}/messages`, body));
    };
    return Promise.all(Array.from({ length: count }, ask));
  }

  const placesOf = (client: SocketClient, id: string): number[] =>
    client.of(id).flatMap(({ event_id: place }) => (place === undefined ? [] : [place]));

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
