import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { CreateConversation, DomainError, formatId, type RunEvent, StartRun, StartSpeech } from '@parley/contracts';
import { expectRefusal } from '../fixtures/guide-calls.fixture.js';
import { CITATION, COMPLETED, createRoutesApp, type RoutesApp, STRANGER, TENANT } from '../fixtures/routes.fixture.js';
import { RunningGateway } from '../fixtures/running-gateway.fixture.js';

const ASSISTANT = '0198c0de-0000-7000-8000-00000000a551';
const texts = (...parts: string[]): RunEvent[] => parts.map((text) => ({ type: 'text', text }));

/** The body of the guide's call. */
const QUERY = { query: 'Hello', chatbotId: 'TEST_ID', sessionId: 'test-uuid', enableTTS: false };

interface Event {
  type: string;
  [field: string]: unknown;
}

/** The calls of the streaming chatbot that clients make, as its guide shows them. */
describe('POST /api/chat/query/stream', () => {
  let app: RoutesApp;
  let gateway: RunningGateway;
  beforeAll(async () => {
    [gateway, app] = await Promise.all([RunningGateway.startOffline(), createRoutesApp()]);
  });
  afterAll(() => Promise.all([gateway?.stop(), app?.close()]));
  beforeEach(() => {
    app.bus.reset();
    app.signedIn = TENANT;
    app.flags.off.clear();
    app.bus.on(CreateConversation, ({ id }) => ({ id }) as never);
  });

  const post = (fields: object = {}) =>
    fetch(`${app.url}/api/chat/query/stream`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ ...QUERY, ...fields }),
    });
  const eventsOf = async (response: Response): Promise<Event[]> =>
    (await response.text())
      .split('\n\n')
      .flatMap((frame) => /^data: (.*)$/m.exec(frame)?.[1] ?? [])
      .map((data) => JSON.parse(data) as Event);
  const speaking = () =>
    app.bus.on(StartSpeech, ({ speechId, text }) => {
      const data = Buffer.from(`♪ ${text}`).toString('base64');
      app.bus.tell(speechId, 1, { item: { type: 'audio', data }, isLast: false });
      app.bus.tell(speechId, 2, { item: { type: 'completed' }, isLast: true });
      return { speechId };
    });

  it('needs credentials', () =>
    expectRefusal(gateway, { method: 'POST', path: '/api/chat/query/stream', body: QUERY }));

  it('goes on in no session of another tenant, whatever its id', async () => {
    app.bus.acceptRuns({}, (run) => run.send(COMPLETED));
    await (await post()).text();
    app.signedIn = STRANGER;
    await (await post()).text();
    const [mine, theirs] = app.bus.asked(StartRun);
    expect(theirs!.conversationId).not.toBe(mine!.conversationId);
    expect(app.bus.requests.filter(({ tenant }) => tenant.tenantId === STRANGER.tenantId)).toHaveLength(2);
  });

  it('knows no chatbot of another tenant', async () => {
    app.bus.on(StartRun, () => {
      throw new DomainError('model_not_found', 'No such assistant.', { param: 'model' });
    });
    const response = await post({ chatbotId: formatId('assistant', ASSISTANT) });
    expect([response.status, await response.json()]).toMatchObject([404, { code: 'model_not_found' }]);
  });

  it('tells the answer as a whole to those for whom streaming is off, and the run says so', async () => {
    app.flags.off.add('streaming');
    app.bus.acceptRuns({}, (run) => run.send(...texts('Hi ', 'there.'), COMPLETED));
    const [start, ...rest] = await eventsOf(await post());
    expect([start!.type, ...rest]).toEqual([
      'start',
      { type: 'text', text: 'Hi there.' },
      expect.objectContaining({ type: 'done' }),
    ]);
    app.flags.off.clear();
    await (await post()).text();
    expect(app.bus.asked(StartRun).map(({ variants }) => variants)).toEqual([['streaming:off'], ['streaming:on']]);
  });

  it('streams the answer as the guide asks for it', async () => {
    app.bus.acceptRuns({}, (run) => run.send(...texts('Hi ', 'there.'), { ...COMPLETED, annotations: [CITATION] }));
    const response = await post();
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/event-stream; charset=utf-8']);
    expect(response.headers.get('x-accel-buffering')).toBe('no');
    const [start, ...rest] = await eventsOf(response);
    const run = app.bus.asked(StartRun)[0]!;
    expect(start).toMatchObject({ type: 'start', sessionId: 'test-uuid', runId: formatId('run', run.runId) });
    expect(rest).toEqual([
      { type: 'text', text: 'Hi ' },
      { type: 'text', text: 'there.' },
      expect.objectContaining({
        type: 'done',
        finishReason: 'stop',
        citations: [expect.objectContaining({ index: 5 })],
      }),
    ]);
    expect(run).toMatchObject({ model: 'TEST_ID', messages: [{ role: 'user', content: 'Hello' }], store: true });
  });

  it('takes an assistant as the chatbot, and one session as one conversation', async () => {
    app.bus.acceptRuns({}, (run) => run.send(COMPLETED));
    const chatbotId = formatId('assistant', ASSISTANT);
    for (const sessionId of ['a', 'a', 'b']) await (await post({ chatbotId, sessionId })).text();
    const [first, second, third] = app.bus.asked(StartRun);
    expect(first).toMatchObject({ assistantId: ASSISTANT });
    expect(second!.conversationId).toBe(first!.conversationId);
    expect(third!.conversationId).not.toBe(first!.conversationId);
    expect(app.bus.asked(CreateConversation)[0]).toEqual({ id: first!.conversationId, metadata: { session_id: 'a' } });
  });

  it('reads the answer aloud beside its text, every sentence before the end', async () => {
    speaking();
    app.bus.acceptRuns({}, (run) => run.send(...texts('It lasts two', ' years. Not three.'), COMPLETED));
    const events = await eventsOf(await post({ enableTTS: true }));
    const audio = events.filter(({ type }) => type === 'audio');
    expect(audio.map(({ index, format, text }) => [index, format, text])).toEqual([
      [0, 'mp3', 'It lasts two years.'],
      [1, 'mp3', 'Not three.'],
    ]);
    expect(Buffer.from(audio[0]!['data'] as string, 'base64').toString()).toBe('♪ It lasts two years.');
    expect(events.filter(({ type }) => type === 'text').map(({ text }) => text)).toEqual([
      'It lasts two',
      ' years. Not three.',
    ]);
    expect(events.at(-1)!.type).toBe('done');
  });

  it('goes on in writing when the voice fails', async () => {
    app.bus.on(StartSpeech, () => {
      throw new DomainError('unsupported_parameter', 'The built-in provider cannot speak.');
    });
    app.bus.acceptRuns({}, (run) => run.send(...texts('One. Two.'), COMPLETED));
    const types = (await eventsOf(await post({ enableTTS: true }))).map(({ type }) => type);
    expect(types.filter((type) => type !== 'audio_error')).toEqual(['start', 'text', 'done']);
    expect(types.filter((type) => type === 'audio_error')).toHaveLength(1);
  });

  it('ends a stream that breaks off with an error, and answers one that cannot begin with a status', async () => {
    const error = { code: 'timeout', message: 'Too slow.' } as const;
    app.bus.acceptRuns({}, (run) => run.send(...texts('One'), { type: 'failed', error }));
    expect((await eventsOf(await post())).at(-1)).toEqual({ type: 'error', error });
    app.bus.on(StartRun, () => {
      throw new DomainError('service_unavailable', 'Full.', { retryAfterMs: 1_000 });
    });
    const refused = await post();
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '1']);
  });

  it.each([
    ['query', { query: '' }],
    ['query', { query: 'x'.repeat(4_001) }],
    ['chatbotId', { chatbotId: null }],
    ['sessionId', { sessionId: 7 }],
    ['enableTTS', { enableTTS: 'yes' }],
  ])('refuses a bad %s', async (param, fields) => {
    const response = await post(fields);
    expect([response.status, await response.json()]).toMatchObject([400, { param }]);
  });
});
