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
import { type LaunchedSuite, startRealSuite, type Suite } from './support/suite.js';

const WORDS = Array.from({ length: 120 }, (_, index) => `wörd${index} `);
const ANSWER = WORDS.join('');

describeWithServices('an answer on several gateways and chat services', () => {
  let provider: ProviderStub;
  let broker: TcpProxy | undefined;
  let suite: Suite & LaunchedSuite;
  let second: { app: AppProcess; url: string };

  beforeAll(async () => {
    provider = await startProviderStub();
    suite = await startRealSuite(
      { OPENAI_BASE_URL: provider.baseUrl, OPENAI_API_KEY: provider.apiKey, OPENAI_MODEL: 'stub-chat' },
      async (url) => {
        if (!url.startsWith('amqp')) return url;
        broker = await startTcpProxy(url);
        return broker.url;
      },
    );
    second = await suite.add('gateway');
    await eventually(async () => expect((await fetch(`${second.url}/health/ready`)).status).toBe(200), {
      timeoutMs: 60_000,
    });
  });
  afterAll(async () => {
    await suite?.stop();
    await broker?.close();
    await provider?.close();
  });
  afterEach(() => {
    provider.answer = 'Yes.';
  });

  const headers = () => ({ authorization: `Bearer ${suite.apiKey}`, 'content-type': 'application/json' });
  const chatRequests = () => provider.requests.filter(({ route }) => route === 'chat').length;

  function ask(baseUrl: string, intervalMs = 25): Listening {
    provider.answer = { tokens: WORDS, intervalMs };
    const body = { model: 'stub-chat', stream: true, messages: [{ role: 'user', content: 'Tell me.' }] };
    const init = { method: 'POST', headers: headers(), body: JSON.stringify(body) };
    return new Listening((signal) => fetch(`${baseUrl}/v1/chat/completions`, { ...init, signal }));
  }

  function resume(baseUrl: string, { runId, lastId }: Heard): Listening {
    const init = { headers: { ...headers(), 'last-event-id': lastId ?? '0' } };
    return new Listening((signal) => fetch(`${baseUrl}/api/v1/runs/${runId}/events`, { ...init, signal }));
  }

  async function runOf({ runId }: Heard): Promise<{ status: string; output: { text: string } | null }> {
    return (await fetch(`${suite.baseUrl}/api/v1/runs/${runId}`, { headers: headers() })).json() as never;
  }

  /** Until some of the answer has arrived. */
  const underWay = ({ heard }: Listening) => eventually(() => expect(heard.text.length).toBeGreaterThan(200));

  it('is heard on another gateway, byte by byte, when the first one is killed', async () => {
    const first = ask(second.url);
    await underWay(first);
    second.app.kill('SIGKILL');
    const broken = await first.ended;
    expect(broken.isDone).toBe(false);
    const rest = await resume(suite.baseUrl, broken).ended;
    expect(rest.isDone).toBe(true);
    expect(broken.text + rest.text).toBe(ANSWER);
    const afterwards = await resume(suite.baseUrl, broken).ended;
    expect(broken.text + afterwards.text).toBe(ANSWER);
    expect(afterwards.lastId).toBe(rest.lastId);
    const nothing = await fetch(`${suite.baseUrl}/api/v1/runs/${broken.runId}/events?starting_after=${rest.lastId}`, {
      headers: headers(),
    });
    expect(nothing.status).toBe(204);
  });

  it('goes on in the same stream when the connections to the broker are cut', async () => {
    const listening = ask(suite.baseUrl, 40);
    await underWay(listening);
    broker!.cutConnections();
    const heard = await listening.ended;
    expect(heard).toMatchObject({ text: ANSWER, isDone: true });
  });

  it('is stopped from another gateway, and keeps what it has said', async () => {
    const other = await suite.add('gateway');
    await eventually(async () => expect((await fetch(`${other.url}/health/ready`)).status).toBe(200), {
      timeoutMs: 60_000,
    });
    const listening = ask(suite.baseUrl);
    await underWay(listening);
    const url = `${other.url}/api/v1/runs/${listening.heard.runId}/cancel`;
    const response = await fetch(url, { method: 'POST', headers: { authorization: `Bearer ${suite.apiKey}` } });
    expect(await response.json()).toMatchObject({ status: 'cancelled' });
    const heard = await listening.ended;
    expect(heard.isDone).toBe(true);
    expect(ANSWER.startsWith(heard.text)).toBe(true);
    expect((await runOf(heard)).output!.text).toBe(heard.text);
    await eventually(() => expect(provider.requests.at(-1)).toMatchObject({ aborted: true }));
  });

  it('is interrupted when the chat service is killed, keeps its text, and is never written again', async () => {
    const listening = ask(suite.baseUrl);
    await underWay(listening);
    await eventually(async () => expect((await runOf(listening.heard)).output?.text).toMatch(/^wörd0 /));
    const before = chatRequests();
    suite.processes[1]!.kill('SIGKILL');
    await suite.add('chat');
    const heard = await listening.ended;
    expect(heard.error).toBe('stream_interrupted');
    const run = await runOf(heard);
    expect(run.status).toBe('interrupted');
    expect(ANSWER.startsWith(run.output!.text)).toBe(true);
    expect(chatRequests()).toBe(before);
    expect((await ask(suite.baseUrl, 0).ended).text).toBe(ANSWER);
  });
});
