import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { ChatModels, type ModelTarget } from './chat-models.js';
import { type ChatChunk, type ChatRequest } from './chat-provider.js';
import { chatProvider, REQUEST, unaborted } from './fixtures/chat-run.fixture.js';
import { eventually } from './fixtures/eventually.fixture.js';
import { answer, breakOff, delta, failure, OpenAiStub, stall } from './fixtures/openai-stub.fixture.js';
import { type LlmObserver } from './llm-observer.js';
import { type LlmOptions } from './llm-options.js';

let main: OpenAiStub;
let spare: OpenAiStub;
const told: string[] = [];

beforeAll(async () => {
  [main, spare] = await Promise.all([OpenAiStub.start(), OpenAiStub.start()]);
});
afterAll(() => Promise.all([main.stop(), spare.stop()]));
beforeEach(() => {
  told.length = 0;
  spare.reply(answer('from spare'));
});

const observer: LlmObserver = {
  fellBack: ({ from, to, reason }) => told.push(`${from.provider} → ${to.provider}: ${reason}`),
  charged: ({ origin, costMicros }) => told.push(`${origin.provider} ${costMicros}`),
  breakerChanged: ({ provider, state }) => told.push(`${provider} ${state}`),
};

/** Two providers; `smart` is answered by the first, then by the second one. */
function createModels(options: Partial<LlmOptions> = {}, spareWindow?: number): ChatModels {
  const targets: ModelTarget[] = [
    { provider: 'main', model: 'big' },
    { provider: 'spare', model: 'small', contextWindowTokens: spareWindow },
  ];
  return new ChatModels(
    {
      providers: [
        { provider: chatProvider(main, { name: 'main', ...options }, observer), naming: 'hidden' },
        { provider: chatProvider(spare, { name: 'spare' }, observer), naming: 'prefixed' },
      ],
      aliases: new Map([['smart', targets]]),
      defaultModel: 'smart',
      prices: [{ provider: 'spare', model: 'small', input: 1_000_000, cachedInput: 500_000, output: 2_000_000 }],
    },
    observer,
  );
}

interface Heard {
  origin: string | undefined;
  text: string;
  chunks: ChatChunk[];
  error: unknown;
}

async function ask(models: ChatModels, fields: Partial<ChatRequest> = {}, signal = unaborted): Promise<Heard> {
  const heard: Heard = { origin: undefined, text: '', chunks: [], error: undefined };
  try {
    for await (const chunk of models.stream({ ...REQUEST, model: 'smart', ...fields }, signal)) {
      heard.chunks.push(chunk);
      if (chunk.type === 'origin') heard.origin = `${chunk.origin.provider}/${chunk.origin.model}`;
      if (chunk.type === 'text') heard.text += chunk.text;
    }
  } catch (error) {
    heard.error = error;
  }
  return heard;
}

describe('ChatModels', () => {
  it('asks the first target, under the name that its provider knows', async () => {
    main.reply(answer('from main'));

    expect(await ask(createModels())).toMatchObject({ origin: 'main/big', text: 'from main', error: undefined });
    expect(main.last.body).toMatchObject({ model: 'big' });
    expect(spare.requests).toHaveLength(0);
  });

  it.each([
    ['is down', failure(500, {}), 'provider_error'],
    ['limits the rate for long', failure(429, {}, { 'retry-after': '15' }), 'provider_rate_limited'],
    ['refuses the key', failure(401, {}), 'provider_error'],
    ['does not have the model', failure(404, { code: 'model_not_found' }), 'model_not_found'],
    ['breaks off before its first token', breakOff(delta({ role: 'assistant', content: '' })), 'provider_error'],
  ])('asks the next one when the first %s', async (_, reply, reason) => {
    main.reply(reply);

    const heard = await ask(createModels());

    expect(heard).toMatchObject({ origin: 'spare/small', text: 'from spare', error: undefined });
    expect(heard.chunks.filter(({ type }) => type === 'origin')).toHaveLength(1);
    // The stub reports 11 tokens, 4 of them cached, and 7 of the answer.
    expect(told).toEqual([`main → spare: ${reason}`, `spare ${7 + 2 + 14}`]);
  });

  it('tries the first again once, and soon, before it asks the next one', async () => {
    main.reply(failure(500, {}), answer('second try'));
    expect(await ask(createModels())).toMatchObject({ origin: 'main/big', text: 'second try' });

    main.reply(failure(500, {}));
    await ask(createModels());
    expect(main.requests).toHaveLength(2);
  });

  it('asks the next one when the first content does not come in time', async () => {
    main.reply(stall(delta({ role: 'assistant', content: '' })));

    expect(await ask(createModels({ firstContentTimeoutMs: 500 }))).toMatchObject({ text: 'from spare' });
    expect(told[0]).toBe('main → spare: timeout');
    await eventually(() => expect(main.last.closedEarly).toBe(true));
  });

  it.each([
    ['stops', stall(delta({ content: 'half an ' })), 'timeout'],
    ['breaks off', breakOff(delta({ content: 'half an ' })), 'provider_error'],
  ])('never begins anew when a provider %s in the middle', async (_, reply, code) => {
    main.reply(reply);

    const heard = await ask(createModels({ idleTimeoutMs: 300 }));

    expect(heard).toMatchObject({ origin: 'main/big', text: 'half an ', error: { code } });
    expect(heard.chunks.at(-1)).toMatchObject({ type: 'usage', usage: { estimated: true }, costMicros: null });
    expect(spare.requests).toHaveLength(0);
  });

  it('does not ask somebody else what the client got wrong', async () => {
    main.reply(failure(400, { message: 'Invalid schema', param: 'response_format' }));

    expect((await ask(createModels())).error).toMatchObject({ code: 'invalid_request' });
    expect(spare.requests).toHaveLength(0);
  });

  it('asks the next one when all places of the first are taken', async () => {
    let goOn = (): void => undefined;
    main.reply(async (response, request) => {
      await new Promise<void>((resolve) => (goOn = resolve));
      await answer('from main')(response, request);
    });
    const models = createModels({ maxConcurrentRequests: 1, maxQueuedRequests: 0 });

    const first = ask(models);
    await eventually(() => expect(main.requests).toHaveLength(1));
    expect(models.providers[0]!.provider.load).toEqual({ active: 1, queued: 0, maxActive: 1 });
    expect(await ask(models)).toMatchObject({ origin: 'spare/small' });
    goOn();
    expect(await first).toMatchObject({ origin: 'main/big' });
    expect(models.providers[0]!.provider.load).toMatchObject({ active: 0 });
  });

  it('asks the next one at once while the first is given a pause, and the first again afterwards', async () => {
    const models = createModels({ maxRetries: 0, breakerThreshold: 2, breakerPauseMs: 100 });
    main.reply(failure(503, {}));
    for (let count = 0; count < 3; count++) expect((await ask(models)).text).toBe('from spare');
    expect(main.requests).toHaveLength(2);
    expect(models.providers[0]!.provider.state).toBe('open');

    main.reply(answer('back'));
    await eventually(async () => expect((await ask(models)).text).toBe('back'));
    expect(told.filter((line) => /^main (open|half-open|closed)$/.test(line))).toEqual([
      'main open',
      'main half-open',
      'main closed',
    ]);
  });

  it('fails like the last one when all fail', async () => {
    main.reply(failure(500, {}));
    spare.reply(failure(429, {}, { 'retry-after': '60' }));

    const heard = await ask(createModels());

    expect(heard).toMatchObject({ origin: undefined, error: { code: 'provider_rate_limited' } });
  });

  it('passes over a target whose context is too small', async () => {
    main.reply(failure(500, {}));

    const heard = await ask(createModels({}, 300), { maxOutputTokens: 400 });

    expect(heard.error).toMatchObject({ code: 'provider_error' });
    expect(spare.requests).toHaveLength(0);
  });

  it('ends as it should when it is stopped while the first is failing', async () => {
    main.reply(() => undefined);
    const controller = new AbortController();
    const asking = ask(createModels(), {}, controller.signal);
    await eventually(() => expect(main.requests).toHaveLength(1));

    controller.abort();

    const { chunks } = await asking;
    expect(chunks.map(({ type }) => type)).toEqual(['origin', 'finish', 'usage']);
    expect(spare.requests).toHaveLength(0);
  });

  it('knows models by their provider and name only where that is wanted', () => {
    const models = createModels();

    expect(models.targetsOf('spare/a/b')).toEqual([{ provider: 'spare', model: 'a/b' }]);
    for (const name of ['main/big', 'big', 'spare/', 'other/x']) {
      expect(() => models.targetsOf(name)).toThrow(expect.objectContaining({ code: 'model_not_found' }));
    }
  });
});
