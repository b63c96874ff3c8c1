import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type ChatChunk } from '../chat-provider.js';
import { chatProvider, REQUEST, run, unaborted } from '../fixtures/chat-run.fixture.js';
import { eventually } from '../fixtures/eventually.fixture.js';
import { answer, begin, delta, failure, OpenAiStub, send, stall } from '../fixtures/openai-stub.fixture.js';
import { type LlmObserver } from '../llm-observer.js';
import { type LlmOptions } from '../llm-options.js';
import { type OpenAiChatProvider } from './openai.chat-provider.js';

let stub: OpenAiStub;
beforeAll(async () => {
  stub = await OpenAiStub.start();
});
afterAll(() => stub.stop());

function provider(options: Partial<LlmOptions> = {}, observer?: LlmObserver): OpenAiChatProvider {
  return chatProvider(stub, options, observer);
}

describe('time limits', () => {
  it('end a run whose first content does not come', async () => {
    stub.reply(stall(delta({ role: 'assistant', content: '' })));

    const { error, chunks } = await run(provider({ firstContentTimeoutMs: 60 }));

    expect(error).toMatchObject({ code: 'timeout' });
    expect(chunks).toEqual([]);
    await eventually(() => expect(stub.last.closedEarly).toBe(true));
  });

  it('end a run that stops in the middle, and tell what it used', async () => {
    stub.reply(stall(delta({ content: 'so far' })));

    const { error, text, chunks } = await run(provider({ idleTimeoutMs: 60 }));

    expect(error).toMatchObject({ code: 'timeout' });
    expect(text).toBe('so far');
    expect(chunks.at(-1)).toMatchObject({ type: 'usage', usage: { estimated: true } });
    await eventually(() => expect(stub.last.closedEarly).toBe(true));
  });

  it('do not run while the reader takes its time', async () => {
    stub.reply(async (response) => {
      begin(response);
      send(response, delta({ content: 'a' }));
      await new Promise((resolve) => setTimeout(resolve, 100));
      send(response, delta({ content: 'b' }), delta({}, 'stop'));
      response.end();
    });
    const seen: string[] = [];

    for await (const chunk of provider({ idleTimeoutMs: 400 }).stream(REQUEST, unaborted)) {
      seen.push(chunk.type);
      await new Promise((resolve) => setTimeout(resolve, 600));
    }

    expect(seen).toEqual(['text', 'text', 'finish', 'usage']);
  });

  it('are not exceeded by a model that thinks before it speaks', async () => {
    stub.reply(async (response) => {
      begin(response);
      for (let step = 0; step < 6; step++) {
        send(response, delta({ reasoning_content: 'hm' }));
        await new Promise((resolve) => setTimeout(resolve, 150));
      }
      send(response, delta({ content: 'answer' }), delta({}, 'stop'));
      response.end();
    });

    expect((await run(provider({ firstContentTimeoutMs: 600, idleTimeoutMs: 600 }))).text).toBe('answer');
  });

  it('end a run that takes too long as a whole', async () => {
    stub.reply(async (response) => {
      begin(response);
      while (!response.destroyed) {
        send(response, delta({ content: '.' }));
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    });

    const { error } = await run(provider({ overallTimeoutMs: 120 }));

    expect(error).toMatchObject({ code: 'timeout' });
    await eventually(() => expect(stub.last.closedEarly).toBe(true));
  });
});

describe('an abort', () => {
  it('closes the connection within 200 ms and ends the run with its usage', async () => {
    const tooks: number[] = [];
    for (let attempt = 0; attempt < 3; attempt++) {
      stub.reply(stall(delta({ content: 'some words' })));
      const controller = new AbortController();
      const chunks: ChatChunk[] = [];
      for await (const chunk of provider().stream(REQUEST, controller.signal)) {
        chunks.push(chunk);
        if (chunk.type !== 'text') continue;
        const abortedAt = performance.now();
        controller.abort();
        await eventually(() => expect(stub.last.closedEarly).toBe(true));
        tooks.push(performance.now() - abortedAt);
      }
      expect(chunks.slice(1)).toEqual([
        { type: 'finish', finishReason: 'cancelled' },
        { type: 'usage', usage: expect.objectContaining({ completionTokens: 2, estimated: true }) },
      ]);
    }
    expect(Math.min(...tooks)).toBeLessThan(200);
  });

  it('works while the provider has not answered yet', async () => {
    stub.reply(() => undefined);
    const controller = new AbortController();
    const running = run(provider(), REQUEST, controller.signal);
    await eventually(() => expect(stub.requests).toHaveLength(1));

    controller.abort();

    expect((await running).chunks.map((chunk) => chunk.type)).toEqual(['finish', 'usage']);
    await eventually(() => expect(stub.last.closedEarly).toBe(true));
  });

  it('works during the pause before another try', async () => {
    stub.reply(failure(429, {}, { 'retry-after': '15' }), answer('never'));
    const controller = new AbortController();
    const running = run(provider(), REQUEST, controller.signal);
    await eventually(() => expect(stub.requests).toHaveLength(1));

    controller.abort();

    expect((await running).chunks[0]).toEqual({ type: 'finish', finishReason: 'cancelled' });
    expect(stub.requests).toHaveLength(1);
  });

  it('is also what a reader does who leaves', async () => {
    stub.reply(stall(delta({ content: 'a' })));
    const outcomes: string[] = [];
    const observer: LlmObserver = { finished: ({ outcome }) => outcomes.push(outcome) };

    for await (const chunk of provider({}, observer).stream(REQUEST, unaborted)) {
      expect(chunk.type).toBe('text');
      break;
    }

    await eventually(() => expect(stub.last.closedEarly).toBe(true));
    expect(outcomes).toEqual(['cancelled']);
  });
});

describe('the breaker', () => {
  it('opens after repeated outages, refuses at once, and closes when one call succeeds again', async () => {
    const states: string[] = [];
    const observer: LlmObserver = { breakerChanged: ({ state }) => states.push(state) };
    const chat = provider({ maxRetries: 0, breakerThreshold: 2, breakerPauseMs: 150 }, observer);
    stub.reply(failure(500, {}));

    await run(chat);
    expect(chat.state).toBe('closed');
    await run(chat);
    expect(chat.state).toBe('open');

    const refused = await run(chat);
    expect(refused.error).toMatchObject({ code: 'service_unavailable', retryAfterMs: expect.any(Number) });
    expect(stub.requests).toHaveLength(2);

    stub.reply(answer('back'));
    await eventually(async () => expect((await run(chat)).text).toBe('back'));
    expect(chat.state).toBe('closed');
    expect(states).toEqual(['open', 'half-open', 'closed']);
  });

  it('lets one call try and refuses the others meanwhile', async () => {
    const chat = provider({ maxRetries: 0, breakerThreshold: 1, breakerPauseMs: 0 });
    stub.reply(failure(500, {}));
    await run(chat);
    let goOn = (): void => undefined;
    stub.reply(async (response, request) => {
      await new Promise<void>((resolve) => (goOn = resolve));
      await answer('back')(response, request);
    });

    const trying = run(chat);
    await eventually(() => expect(stub.requests).toHaveLength(1));
    expect(chat.state).toBe('half-open');
    expect((await run(chat)).error).toMatchObject({ code: 'service_unavailable' });

    goOn();
    expect((await trying).text).toBe('back');
    expect(stub.requests).toHaveLength(1);
  });

  it('does not open because clients ask for impossible things', async () => {
    const chat = provider({ breakerThreshold: 1 });
    stub.reply(failure(400, { message: 'Invalid' }));

    await run(chat);

    expect(chat.state).toBe('closed');
  });

  it('opens when the first content does not come in time', async () => {
    const chat = provider({ breakerThreshold: 1, firstContentTimeoutMs: 40 });
    stub.reply(stall());

    await run(chat);

    expect(chat.state).toBe('open');
  });
});

describe('the bulkhead', () => {
  it('refuses with a retry time when all places and the queue are taken, and serves the queue', async () => {
    const chat = provider({ maxConcurrentRequests: 1, maxQueuedRequests: 1 });
    let goOn = (): void => undefined;
    stub.reply(async (response, request) => {
      await new Promise<void>((resolve) => (goOn = resolve));
      await answer('first')(response, request);
    }, answer('second'));

    const first = run(chat);
    await eventually(() => expect(stub.requests).toHaveLength(1));
    const second = run(chat);
    const third = await run(chat);

    expect(third.error).toMatchObject({ code: 'service_unavailable', retryAfterMs: expect.any(Number) });
    expect(stub.requests).toHaveLength(1);
    goOn();
    expect((await first).text).toBe('first');
    expect((await second).text).toBe('second');
  });

  it('ends a wait that is too long or aborted, and gives the place to the next', async () => {
    const chat = provider({ maxConcurrentRequests: 1, queueTimeoutMs: 60 });
    let goOn = (): void => undefined;
    stub.reply(async (response, request) => {
      await new Promise<void>((resolve) => (goOn = resolve));
      await answer('first')(response, request);
    }, answer('next'));
    const first = run(chat);
    await eventually(() => expect(stub.requests).toHaveLength(1));
    const controller = new AbortController();
    const aborted = run(chat, REQUEST, controller.signal);
    const impatient = run(chat);

    controller.abort();
    expect((await aborted).chunks[0]).toEqual({ type: 'finish', finishReason: 'cancelled' });
    expect((await impatient).error).toMatchObject({ code: 'service_unavailable' });

    goOn();
    await first;
    expect((await run(chat)).text).toBe('next');
  });
});
