import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { DomainError, type SpeechEvent, StartSpeech } from '@parley/contracts';
import OpenAI from 'openai';
import { createRoutesApp, type RoutesApp } from '../fixtures/routes.fixture.js';

const audio = (text: string): SpeechEvent => ({ type: 'audio', data: Buffer.from(text).toString('base64') });

describe('POST /v1/audio/speech', () => {
  let app: RoutesApp;
  let client: OpenAI;

  beforeAll(async () => {
    app = await createRoutesApp();
    client = new OpenAI({ apiKey: 'pk_test', baseURL: `${app.url}/v1`, maxRetries: 0 });
  });
  afterAll(() => app.close());
  beforeEach(() => app.bus.reset());

  const speaking = (...events: SpeechEvent[]) =>
    app.bus.on(StartSpeech, ({ speechId }) => {
      for (const [at, item] of events.entries())
        app.bus.tell(speechId, at + 1, { item, isLast: item.type !== 'audio' });
      return { speechId };
    });
  const post = (body: object) =>
    fetch(`${app.url}/v1/audio/speech`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'tts-1', input: 'Hello', voice: 'alloy', ...body }),
    });

  it('sends the audio as it comes, to the official SDK', async () => {
    speaking(audio('He'), audio('llo'), { type: 'completed' });
    const response = await client.audio.speech.create({
      ...{ model: 'tts-1', voice: 'alloy', input: 'Hello', response_format: 'wav' },
      ...{ speed: 1.5, instructions: 'Softly.' },
    });
    expect(response.headers.get('content-type')).toBe('audio/wav');
    expect(Buffer.from(await response.arrayBuffer()).toString()).toBe('Hello');
    expect(app.bus.asked(StartSpeech)).toMatchObject([
      { text: 'Hello', model: 'tts-1', voice: 'alloy', format: 'wav', speed: 1.5, instructions: 'Softly.' },
    ]);
  });

  it('leaves model and voice to the configuration', async () => {
    speaking({ type: 'completed' });
    expect((await post({ model: 'default', voice: undefined })).headers.get('content-type')).toBe('audio/mpeg');
    expect(app.bus.asked(StartSpeech)[0]).not.toMatchObject({ model: expect.anything() });
    speaking({ type: 'completed' });
    await post({ voice: { id: 'mine' } });
    expect(app.bus.asked(StartSpeech)[1]).toMatchObject({ voice: 'mine' });
  });

  it('answers with a status when the speech does not begin, and breaks the connection when it breaks off', async () => {
    app.bus.on(StartSpeech, () => {
      throw new DomainError('service_unavailable', 'Busy.', { retryAfterMs: 2_000 });
    });
    const refused = await post({});
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '2']);
    speaking(audio('He'), { type: 'failed', error: { code: 'timeout', message: 'Gone.' } });
    await expect(post({}).then((response) => response.text())).rejects.toThrow();
    expect(app.bus.openStreams).toBe(0);
  });

  it.each([
    ['input', { input: '' }],
    ['input', { input: 'x'.repeat(4_097) }],
    ['voice', { voice: { id: 7 } }],
    ['response_format', { response_format: 'midi' }],
    ['speed', { speed: 5 }],
    ['stream_format', { stream_format: 'sse' }],
  ])('refuses a bad %s', async (param, body) => {
    const response = await post(body);
    expect([response.status, await response.json()]).toMatchObject([400, { error: { param } }]);
  });
});
