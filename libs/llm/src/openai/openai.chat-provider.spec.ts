import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type ChatRequest } from '../chat-provider.js';
import { chatProvider, KEY, REQUEST, run, unaborted } from '../fixtures/chat-run.fixture.js';
import {
  answer,
  begin,
  breakOff,
  delta,
  failure,
  json,
  OpenAiStub,
  send,
  sse,
  usageEvent,
} from '../fixtures/openai-stub.fixture.js';
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

describe('a stream', () => {
  it('arrives piece by piece and ends with one finish and the usage the provider told', async () => {
    stub.reply(async (response) => {
      begin(response);
      send(response, delta({ role: 'assistant', content: '' }), delta({ content: 'He' }), delta({ content: 'l' }));
      await new Promise((resolve) => setTimeout(resolve, 100));
      send(response, delta({ content: 'lo' }), delta({}, 'stop'), usageEvent);
      response.end();
    });

    const { chunks } = await run(provider());

    // What comes together is told together.
    expect(chunks).toEqual([
      { type: 'text', text: 'Hel' },
      { type: 'text', text: 'lo' },
      { type: 'finish', finishReason: 'stop' },
      {
        type: 'usage',
        usage: { promptTokens: 11, completionTokens: 7, cachedTokens: 4, reasoningTokens: 2, estimated: false },
      },
    ]);
  });

  it('shows the first piece while the provider is still writing the rest', async () => {
    let goOn = (): void => undefined;
    stub.reply(async (response) => {
      begin(response);
      send(response, delta({ content: 'first' }));
      await new Promise<void>((resolve) => (goOn = resolve));
      send(response, delta({ content: ' second' }), delta({}, 'stop'));
      response.end();
    });

    const seen: string[] = [];
    for await (const chunk of provider().stream(REQUEST, unaborted)) {
      seen.push(chunk.type === 'text' ? chunk.text : chunk.type);
      goOn();
    }

    expect(seen).toEqual(['first', ' second', 'finish', 'usage']);
  });

  it('passes on fragments of several tool calls', async () => {
    const call = (fields: object): object => delta({ tool_calls: [fields] });
    stub.reply(
      sse(
        call({ index: 0, id: 'call_1', type: 'function', function: { name: 'search', arguments: '' } }),
        call({ index: 0, function: { arguments: '{"q":' } }),
        call({ index: 0, function: { arguments: '"x"}' } }),
        call({ index: 1, id: 'call_2', type: 'function', function: { name: 'add', arguments: '{}' } }),
        delta({}, 'tool_calls'),
        usageEvent,
      ),
    );

    const { chunks } = await run(provider());

    expect(chunks.slice(0, 5)).toEqual([
      { type: 'tool_call', index: 0, id: 'call_1', name: 'search', argumentsDelta: '' },
      { type: 'tool_call', index: 0, argumentsDelta: '{"q":' },
      { type: 'tool_call', index: 0, argumentsDelta: '"x"}' },
      { type: 'tool_call', index: 1, id: 'call_2', name: 'add', argumentsDelta: '{}' },
      { type: 'finish', finishReason: 'tool_calls' },
    ]);
  });

  it('has estimated usage when the provider tells none', async () => {
    stub.reply(sse(delta({ content: 'Hello there, friend.' }), delta({}, 'length')));

    const { chunks } = await run(provider());

    expect(chunks.at(-2)).toEqual({ type: 'finish', finishReason: 'length' });
    expect(chunks.at(-1)).toEqual({
      type: 'usage',
      usage: { promptTokens: expect.any(Number), completionTokens: 5, estimated: true },
    });
  });

  it('that ends without a finish reason is an error, not a short answer', async () => {
    stub.reply(sse(delta({ content: 'half an ans' })));

    const { text, chunks, error } = await run(provider());

    expect(text).toBe('half an ans');
    expect(error).toMatchObject({ code: 'provider_error' });
    expect(chunks.at(-1)).toMatchObject({ type: 'usage', usage: { estimated: true } });
  });

  it('is complete when only the usage is missing and the connection breaks', async () => {
    stub.reply(breakOff(delta({ content: 'done' }), delta({}, 'stop')));

    const { chunks, error } = await run(provider());

    expect(error).toBeUndefined();
    expect(chunks.map((chunk) => chunk.type)).toEqual(['text', 'finish', 'usage']);
  });
});

describe('the request', () => {
  it('carries what was asked, in OpenAI words, and the configured defaults', async () => {
    stub.reply(answer('ok'));
    const request: ChatRequest = {
      model: 'stub',
      messages: [
        { role: 'developer', content: 'Be brief.' },
        { role: 'assistant', content: '', toolCalls: [{ id: 'c1', name: 'search', arguments: '{}' }] },
        { role: 'tool', content: 'nothing', toolCallId: 'c1' },
        { role: 'user', content: [{ type: 'text', text: 'Hi' }] },
      ],
      topP: 0.5,
      stop: ['END'],
      tools: [{ type: 'function', function: { name: 'search' } }],
      toolChoice: 'auto',
      passages: [{ index: 1, text: 'not for this provider', filename: 'a.txt' }],
    };

    await run(provider({ maxOutputTokens: 100, temperature: 0.7 }), request);

    expect(stub.last.path).toBe('/v1/chat/completions');
    expect(stub.last.headers.authorization).toBe(`Bearer ${KEY}`);
    expect(stub.last.body).toEqual({
      model: 'stub',
      messages: [
        { role: 'system', content: 'Be brief.' },
        {
          role: 'assistant',
          content: '',
          tool_calls: [{ id: 'c1', type: 'function', function: { name: 'search', arguments: '{}' } }],
        },
        { role: 'tool', content: 'nothing', tool_call_id: 'c1' },
        { role: 'user', content: [{ type: 'text', text: 'Hi' }] },
      ],
      stream: true,
      stream_options: { include_usage: true },
      temperature: 0.7,
      top_p: 0.5,
      max_tokens: 100,
      stop: ['END'],
      tools: [{ type: 'function', function: { name: 'search' } }],
      tool_choice: 'auto',
    });
  });

  it('names the limit of output tokens as the provider wants it', async () => {
    stub.reply(answer('ok'));

    await run(provider({ maxTokensField: 'max_completion_tokens' }), { ...REQUEST, maxOutputTokens: 9 });

    expect(stub.last.body).toMatchObject({ max_completion_tokens: 9 });
    expect(stub.last.body).not.toHaveProperty('max_tokens');
  });

  it('needs no key', async () => {
    stub.reply(answer('ok'));

    expect((await run(provider({ openaiApiKey: undefined }))).text).toBe('ok');
  });
});

describe('observation', () => {
  it('tells of every run: start, first token, outcome and usage', async () => {
    const events: unknown[] = [];
    const observer: LlmObserver = {
      requestStarted: (event) => events.push(['started', event]),
      firstToken: (event) => events.push(['first token', event]),
      finished: (event) => events.push(['finished', event]),
    };
    const call = { operation: 'chat', provider: 'openai', model: 'stub' };
    stub.reply(answer('hi'), failure(400, { message: 'no' }));

    const chat = provider({}, observer);
    await run(chat);
    await run(chat);

    const seconds = expect.any(Number);
    expect(events).toEqual([
      ['started', call],
      ['first token', { ...call, seconds }],
      ['finished', { ...call, seconds, outcome: 'completed', usage: expect.objectContaining({ promptTokens: 11 }) }],
      ['started', call],
      [
        'finished',
        { ...call, seconds, outcome: 'invalid_request', usage: expect.objectContaining({ promptTokens: 0 }) },
      ],
    ]);
  });
});

describe('models', () => {
  it('are those the endpoint lists', async () => {
    stub.reply(
      json(200, {
        object: 'list',
        data: [
          { id: 'a', object: 'model' },
          { id: 'b', object: 'model' },
        ],
      }),
    );

    expect(await provider().models()).toEqual(['a', 'b']);
    expect(stub.last.path).toBe('/v1/models');
  });

  it('cannot be listed by a provider that is down', async () => {
    stub.reply(failure(502, {}));

    await expect(provider().models()).rejects.toMatchObject({ code: 'provider_error' });
  });
});

describe('retries', () => {
  it.each([
    ['a server error', failure(503, {})],
    ['a broken connection', breakOff()],
    ['a stream without any event', sse()],
  ])('after %s before the first token', async (_, broken) => {
    stub.reply(broken, answer('second try'));

    const { text, error } = await run(provider());

    expect({ text, error }).toEqual({ text: 'second try', error: undefined });
    expect(stub.requests).toHaveLength(2);
  });

  it('never after the first token', async () => {
    stub.reply(breakOff(delta({ content: 'once ' })), answer('twice'));

    const { text, error } = await run(provider());

    expect(text).toBe('once ');
    expect(error).toMatchObject({ code: 'provider_error' });
    expect(stub.requests).toHaveLength(1);
  });

  it('as often as allowed and no more', async () => {
    stub.reply(failure(500, {}));

    const { error } = await run(provider({ maxRetries: 2 }));

    expect(error).toMatchObject({ code: 'provider_error' });
    expect(stub.requests).toHaveLength(3);
  });

  it('after the time that the provider asked for', async () => {
    stub.reply(failure(429, {}, { 'retry-after-ms': '150' }), answer('later'));
    const startedAt = performance.now();

    expect((await run(provider())).text).toBe('later');
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(145);
  });

  it('not when that time is too long: the caller is told instead', async () => {
    stub.reply(failure(429, {}, { 'retry-after': '120' }), answer('later'));

    const { error } = await run(provider());

    expect(error).toMatchObject({ code: 'provider_rate_limited', retryAfterMs: 120_000 });
    expect(stub.requests).toHaveLength(1);
  });
});
