import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import OpenAI from 'openai';
import { type ResponseStreamEvent } from 'openai/resources/responses/responses';
import { describeWithServices, eventually, type ProviderStub, startProviderStub } from '@parley/testing';
import { SocketClient } from '../apps/gateway/src/sockets/socket-client.fixture.js';
import { type AppProcess } from './support/app-process.js';
import { createTenant, type LaunchedSuite, signIn, startRealSuite, type Suite } from './support/suite.js';

const WORDS = Array.from({ length: 20 }, (_, index) => `word${index} `);

describeWithServices('two gateways', () => {
  let provider: ProviderStub;
  let suite: Suite & LaunchedSuite;
  let gateways: string[];
  let second: AppProcess;
  let key: string;

  beforeAll(async () => {
    provider = await startProviderStub();
    suite = await startRealSuite({
      ...{ OPENAI_BASE_URL: provider.baseUrl, OPENAI_API_KEY: provider.apiKey, OPENAI_MODEL: 'stub-chat' },
      CONVERSATION_TITLES: 'false',
    });
    const { app, url } = await suite.add('gateway');
    second = app;
    gateways = [suite.baseUrl, url];
    await eventually(async () => expect((await fetch(`${url}/health/ready`)).status).toBe(200), { timeoutMs: 60_000 });
  });
  beforeEach(() => {
    key = randomUUID();
    provider.answer = { tokens: WORDS, intervalMs: 30 };
  });
  afterAll(async () => {
    await suite?.stop();
    await provider?.close();
  });

  interface Reply {
    status: number;
    headers: Headers;
    text: string;
    // The shapes of many routes.
    // eslint-disable-next-line @typescript-eslint/no-explicit-any
    body: any;
  }

  async function post(path: string, body: object | FormData, at = 0, as = suite.apiKey): Promise<Reply> {
    const isForm = body instanceof FormData;
    const response = await fetch(gateways[at % gateways.length] + path, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${as}`,
        'idempotency-key': key,
        ...(isForm ? {} : { 'content-type': 'application/json' }),
      },
      body: isForm ? body : JSON.stringify(body),
    });
    const text = await response.text();
    const isJson = response.headers.get('content-type')?.includes('json');
    return { status: response.status, headers: response.headers, text, body: isJson ? JSON.parse(text) : null };
  }

  const get = async (path: string) =>
    (await fetch(suite.baseUrl + path, { headers: { authorization: `Bearer ${suite.apiKey}` } })).json() as Promise<{
      data: object[];
    }>;
  const asked = (question: string) =>
    provider.requests.filter(({ route, body }) => route === 'chat' && JSON.stringify(body).includes(question));
  const completion = (question: string, fields: object = {}) => ({
    model: 'default',
    messages: [{ role: 'user', content: question }],
    ...fields,
  });

  it('changes the log level of every process within two seconds, and back', async () => {
    const token = await signIn(suite.baseUrl, suite.adminEmail, suite.adminPassword);
    const change = (method: string, body?: object) =>
      fetch(`${gateways[1]}/api/v1/log-level`, {
        method,
        headers: { authorization: `Bearer ${token}`, ...(body && { 'content-type': 'application/json' }) },
        ...(body && { body: JSON.stringify(body) }),
      });
    const everySays = (text: string) =>
      eventually(() => expect(suite.processes.filter(({ output }) => !output.includes(text))).toEqual([]), {
        timeoutMs: 2_000,
      });
    expect((await change('PUT', { level: 'debug' })).status).toBe(200);
    await everySays('"msg":"log level changed"');
    expect((await change('DELETE')).status).toBe(200);
    await everySays('"msg":"log level reset"');
  });

  it('start one run for one idempotency key, which all requests hear from its beginning', async () => {
    const question = `What of ${key}?`;
    const replies = await Promise.all([0, 1, 2, 3].map((at) => post('/v1/chat/completions', completion(question), at)));
    expect(new Set(replies.map(({ text }) => text)).size).toBe(1);
    expect(replies[0]!.body.choices[0].message.content).toBe(WORDS.join(''));
    const streams = await Promise.all([0, 1].map((at) => post('/v1/chat/completions', completion(question), at)));
    expect(streams.map(({ text }) => text)).toEqual([replies[0]!.text, replies[0]!.text]);
    expect(asked(question)).toHaveLength(1);
  });

  it('stream one run to requests under one key that come together, and again to one that comes later', async () => {
    const request = completion(`What of ${key}?`, { stream: true });
    const told = ({ text }: Reply) =>
      [...text.matchAll(/^data: (\{.*)$/gm)]
        .map(([, json]) => JSON.parse(json!).choices[0]?.delta.content ?? '')
        .join('');
    const first = await Promise.all([0, 1, 2].map((at) => post('/v1/chat/completions', request, at)));
    const later = await post('/v1/chat/completions', request, 1);
    expect([...first, later].map(told)).toEqual(Array(4).fill(WORDS.join('')));
    for (const { text } of [...first, later]) expect(text).toMatch(/data: \[DONE\]\n\n$/);
    expect(asked(key)).toHaveLength(1);
  });

  it('add one turn to a conversation for one key', async () => {
    const { body: conversation } = await post('/api/v1/conversations', {});
    key = randomUUID();
    const path = `/api/v1/conversations/${conversation.id}/messages`;
    const replies = await Promise.all([0, 1].map((at) => post(path, { content: 'Hi' }, at)));
    expect(replies[1]!.body).toEqual(replies[0]!.body);
    expect((await get(path)).data).toHaveLength(2);
  });

  it('make one thing for one key; other requests are told to wait, or what came of it', async () => {
    const name = `Store ${key}`;
    const replies = await Promise.all(Array.from({ length: 6 }, (_, at) => post('/v1/vector_stores', { name }, at)));
    for (const { status, headers, body } of replies.filter(({ status }) => status !== 200)) {
      expect([status, body.error.code]).toEqual([409, 'idempotency_conflict']);
      expect(headers.get('x-should-retry')).toBe('false');
    }
    const made = replies.filter(({ status }) => status === 200);
    expect(new Set(made.map(({ body }) => body.id)).size).toBe(1);
    const again = await post('/v1/vector_stores', { name }, 1);
    expect([again.status, again.headers.get('idempotency-replayed')]).toEqual([200, 'true']);
    expect(again.body).toEqual(made[0]!.body);
    expect(JSON.stringify(await get('/v1/vector_stores?limit=100')).split(name)).toHaveLength(2);
  });

  it('keep one file of an upload that is sent twice', async () => {
    const form = () => {
      const data = new FormData();
      data.set('purpose', 'assistants');
      data.set('file', new Blob([`About ${key}`]), `${key}.txt`);
      return data;
    };
    const first = await post('/v1/files', form());
    const second = await post('/v1/files', form(), 1);
    expect(second.body).toEqual(first.body);
    expect(JSON.stringify(await get('/v1/files?limit=100')).split(`${key}.txt`)).toHaveLength(2);
  });

  it('refuse a key that was used for something else, and try again what has failed', async () => {
    const request = completion('One?');
    expect((await post('/v1/chat/completions', request)).status).toBe(200);
    for (const [path, body] of [
      ['/v1/chat/completions', completion('Two?')],
      ['/v1/vector_stores', {}],
    ] as const)
      expect(await post(path, body, 1)).toMatchObject({
        status: 422,
        body: { error: { code: 'idempotency_key_reused', param: 'Idempotency-Key' } },
      });
    const unknown = { file_id: 'file-00000000000070008000000000000000' };
    key = randomUUID();
    const { body: store } = await post('/v1/vector_stores', {});
    key = randomUUID();
    const path = `/v1/vector_stores/${store.id}/files`;
    const failures = [await post(path, unknown), await post(path, unknown, 1)];
    expect(failures.map(({ status }) => status)).toEqual([404, 404]);
    key = 'two words';
    expect(await post('/v1/vector_stores', {})).toMatchObject({ status: 400 });
  });

  it('stream a response in the background on one, and the rest of it on the other', async () => {
    const [here, there] = gateways.map((url) => new OpenAI({ baseURL: `${url}/v1`, apiKey: suite.apiKey }));
    const request = { model: 'default', input: `What of ${key}?`, background: true } as const;
    const heard: ResponseStreamEvent[] = [];
    for await (const event of await here!.responses.create({ ...request, stream: true })) {
      heard.push(event);
      if (heard.filter(({ type }) => type === 'response.output_text.delta').length === 3) break;
    }
    const [created] = heard;
    const id = created!.type === 'response.created' ? created.response.id : '';
    const starting_after = heard.at(-1)!.sequence_number;
    for await (const event of await there!.responses.retrieve(id, { stream: true, starting_after })) heard.push(event);
    const text = heard.map((event) => (event.type === 'response.output_text.delta' ? event.delta : '')).join('');
    expect(text).toBe(WORDS.join(''));
    const numbers = heard.map(({ sequence_number }) => sequence_number);
    expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b));
    expect(heard.at(-1)).toMatchObject({ type: 'response.completed', response: { id, status: 'completed' } });
    expect((await there!.responses.retrieve(id)).output_text).toBe(text);
    expect(asked(key)).toHaveLength(1);
  });

  it('keep conversations and responses for OpenAI’s client', async () => {
    const openai = new OpenAI({ baseURL: `${suite.baseUrl}/v1`, apiKey: suite.apiKey });
    const conversation = await openai.conversations.create({ items: [{ role: 'user', content: 'My name is Ada.' }] });
    const first = await openai.responses.create({ model: 'default', input: 'Hello', conversation: conversation.id });
    const second = await openai.responses.create({
      model: 'default',
      input: 'Who am I?',
      previous_response_id: first.id,
      instructions: 'Be brief.',
    });
    const [prompt] = asked('Who am I?').map(({ body }) => body['messages'] as { content: string }[]);
    expect(prompt!.map(({ content }) => content)).toEqual([
      'Be brief.',
      ...['My name is Ada.', 'Hello', WORDS.join(''), 'Who am I?'],
    ]);
    const items = [];
    for await (const item of openai.conversations.items.list(conversation.id, { order: 'asc', limit: 2 }))
      items.push(item);
    expect(items.map(({ type }) => type)).toEqual(Array(5).fill('message'));
    const input = await openai.responses.inputItems.list(second.id);
    expect(input.data).toHaveLength(4);
    await openai.responses.delete(second.id);
    await expect(openai.responses.retrieve(second.id)).rejects.toMatchObject({ status: 404 });
    expect((await openai.conversations.items.list(conversation.id)).data).toHaveLength(3);
    await openai.conversations.delete(conversation.id);
    await expect(openai.responses.retrieve(first.id)).rejects.toMatchObject({ status: 404 });
  });

  it('stop a response', async () => {
    const openai = new OpenAI({ baseURL: `${suite.baseUrl}/v1`, apiKey: suite.apiKey });
    provider.answer = { tokens: Array<string>(500).fill('word '), intervalMs: 20 };
    const { id } = await openai.responses.create({ model: 'default', input: 'Hello', background: true });
    expect(await openai.responses.cancel(id)).toMatchObject({ id, status: 'cancelled' });
  });

  it('keep chat completions that are to be stored', async () => {
    const openai = new OpenAI({ baseURL: `${suite.baseUrl}/v1`, apiKey: suite.apiKey });
    const metadata = { key };
    const { id } = await openai.chat.completions.create({
      model: 'default',
      messages: [{ role: 'user', content: 'Hello' }],
      store: true,
      metadata,
    });
    const list = await openai.chat.completions.list({ metadata });
    expect(list.data).toMatchObject([{ id, choices: [{ message: { content: WORDS.join('') } }], metadata }]);
    expect((await openai.chat.completions.messages.list(id)).data).toMatchObject([{ role: 'user', content: 'Hello' }]);
    await openai.chat.completions.delete(id);
    await expect(openai.chat.completions.retrieve(id)).rejects.toMatchObject({ status: 404 });
  });

  const socket = (at: number, token = suite.apiKey) =>
    SocketClient.open(`${gateways[at]!.replace('http', 'ws')}/ws`, ['parley.v1', `parley.bearer.${token}`]);

  it('tell one run to sockets and event streams, and nobody else’s', async () => {
    const request = completion(`What of ${key}?`, { stream: true });
    const client = await socket(0);
    client.say({ type: 'start', id: 'q', request, idempotency_key: key });
    const [stream] = await Promise.all([
      post('/v1/chat/completions', request, 1),
      client.until(({ type }) => type === 'done'),
    ]);
    const frames = [...stream.text.matchAll(/^(?:id: (\d+)\n)?data: (\{.*)$/gm)];
    const [streamed, heard] = [frames.map(([, , data]) => JSON.parse(data!)), client.heard.map(({ data }) => data)];
    expect([client.textOf('q'), heard[0].id]).toEqual([WORDS.join(''), streamed[0].id]);
    expect(client.heard.at(-2)!.event_id).toBe(Number(frames.at(-1)![1]));
    expect(asked(key)).toHaveLength(1);
    const stranger = await socket(1, await createTenant(suite, 'elsewhere'));
    for (const type of ['subscribe', 'cancel']) stranger.say({ type, id: type, run: heard[0].id });
    await stranger.until(({ id }) => id === 'cancel');
    expect(stranger.heard.map(({ error }) => error.code)).toEqual(['not_found', 'not_found']);
    for (const { socket: open } of [client, stranger]) open.close();
  });

  it('hand sockets over when one of them stops', async () => {
    const first = await socket(1);
    first.say({ type: 'start', id: 'q', request: completion(`What of ${key}?`) });
    await first.until(({ event_id: place = 0 }) => place > 20);
    const [code] = await Promise.all([first.closed(), second.stop()]);
    expect(code).toBe(1012);
    const places = first.heard.flatMap(({ event_id: place }) => (place === undefined ? [] : [place]));
    const next = await socket(0);
    const run = first.heard[0]!.data.id;
    next.say({ type: 'subscribe', id: 'q', run, starting_after: places.at(-1) });
    await next.until(({ type }) => type === 'done');
    expect(first.textOf('q') + next.textOf('q')).toBe(WORDS.join(''));
    expect(next.textOf('q')).not.toBe('');
    next.socket.close();
  });
});
