import { describe, expect, it } from '@jest/globals';
import { type ChatChunk, type ChatRequest, type Passage } from '../chat-provider.js';
import { collect } from '../fixtures/collect.fixture.js';
import { type LlmObserver } from '../llm-observer.js';
import { BUILTIN_CHAT_MODEL, BuiltinChatProvider } from './builtin.chat-provider.js';

const PASSAGES: Passage[] = [
  {
    index: 1,
    filename: 'handbook.md',
    text: 'Welcome to the company. Every employee has thirty days of paid holiday per year. The office opens at eight.',
  },
  {
    index: 2,
    filename: 'travel.md',
    text: 'Train tickets are booked by the travel desk. Hotel costs are refunded up to 120 euros per night.',
  },
];

function request(question: string, fields: Partial<ChatRequest> = {}): ChatRequest {
  return { model: BUILTIN_CHAT_MODEL, messages: [{ role: 'user', content: question }], ...fields };
}

async function chunksOf(asked: ChatRequest, signal = new AbortController().signal): Promise<ChatChunk[]> {
  return collect(new BuiltinChatProvider().stream(asked, signal));
}

async function answerTo(question: string, passages?: Passage[]): Promise<string> {
  const chunks = await chunksOf(request(question, { passages }));
  return chunks.map((chunk) => (chunk.type === 'text' ? chunk.text : '')).join('');
}

describe('the built-in provider', () => {
  it('answers with the sentence that fits and the marker of its passage', async () => {
    expect(await answerTo('How many days of paid holiday does an employee have?', PASSAGES)).toBe(
      'Every employee has thirty days of paid holiday per year. [1]',
    );
    expect(await answerTo('Up to how much are hotels refunded?', PASSAGES)).toBe(
      'Hotel costs are refunded up to 120 euros per night. [2]',
    );
  });

  it('answers in languages without spaces', async () => {
    const passages = [
      { index: 3, filename: 'a', text: '办公室八点开门。每位员工每年有三十天带薪假期。' },
      { index: 4, filename: 'b', text: '火车票由差旅部门预订。' },
    ];

    expect(await answerTo('员工每年有多少天带薪假期？', passages)).toBe('每位员工每年有三十天带薪假期。 [3]');
  });

  it('quotes at most three sentences, each once', async () => {
    const overlapping = [1, 2, 3, 4, 5].map((index) => ({
      index,
      filename: 'a',
      text: `The warranty lasts two years. The warranty of model ${index} covers the battery.`,
    }));

    const answer = await answerTo('What does the warranty cover, and how long does the warranty last?', overlapping);

    const markers = answer.match(/\[\d\]/g) ?? [];
    expect(markers.length).toBeGreaterThan(0);
    expect(markers.length).toBeLessThanOrEqual(3);
    expect(answer.split('The warranty lasts two years.').length).toBeLessThanOrEqual(2);
  });

  it('says so when the passages do not answer, or there are none', async () => {
    const nothing = 'I found nothing about this in the attached documents.';

    expect(await answerTo('What is the capital of France?', PASSAGES)).toBe(nothing);
    expect(await answerTo('How many days of holiday?', [])).toBe(nothing);
    expect(await answerTo('???', PASSAGES)).toBe(nothing);
  });

  it('says without documents what is missing and what to set', async () => {
    const answer = await answerTo('Write a poem about the sea, please.');

    expect(answer).toContain('No language model is configured');
    expect(answer).toContain('“Write a poem about the sea, please.”');
    expect(answer).toContain('OPENAI_API_KEY');
    expect(answer).toContain('OPENAI_BASE_URL');
    expect((await answerTo('word '.repeat(2_000))).length).toBeLessThan(500);
  });

  it('takes the last question of a conversation, also when it comes in parts', async () => {
    const chunks = await chunksOf({
      model: BUILTIN_CHAT_MODEL,
      passages: PASSAGES,
      messages: [
        { role: 'user', content: 'When does the office open?' },
        { role: 'assistant', content: 'The office opens at eight. [1]' },
        { role: 'user', content: [{ type: 'text', text: 'Who books train tickets?' }] },
      ],
    });

    expect(chunks.map((chunk) => (chunk.type === 'text' ? chunk.text : '')).join('')).toContain('travel desk. [2]');
  });

  it('streams word by word and ends with one finish and the usage', async () => {
    const chunks = await chunksOf(request('When does the office open?', { passages: PASSAGES }));

    expect(chunks.slice(0, 3)).toEqual([
      { type: 'text', text: 'The' },
      { type: 'text', text: ' office' },
      { type: 'text', text: ' opens' },
    ]);
    expect(chunks.slice(-2)).toEqual([
      { type: 'finish', finishReason: 'stop' },
      {
        type: 'usage',
        usage: { promptTokens: expect.any(Number), completionTokens: expect.any(Number), estimated: false },
      },
    ]);
  });

  it('keeps to the limit of output tokens', async () => {
    const chunks = await chunksOf(request('When does the office open?', { passages: PASSAGES, maxOutputTokens: 3 }));

    expect(chunks.at(-2)).toEqual({ type: 'finish', finishReason: 'length' });
    expect(chunks.at(-1)).toMatchObject({ usage: { completionTokens: 3 } });
  });

  it('stops in the middle when it is aborted', async () => {
    const controller = new AbortController();
    const chunks: ChatChunk[] = [];

    for await (const chunk of new BuiltinChatProvider().stream(request('Hello?'), controller.signal)) {
      chunks.push(chunk);
      if (chunks.length === 2) controller.abort();
    }

    expect(chunks.map((chunk) => chunk.type)).toEqual(['text', 'text', 'finish', 'usage']);
    expect(chunks[2]).toEqual({ type: 'finish', finishReason: 'cancelled' });
  });

  it('refuses what it cannot do, naming it', async () => {
    await expect(chunksOf({ ...request('Hi'), model: 'gpt-4o' })).rejects.toMatchObject({ code: 'model_not_found' });
    await expect(chunksOf(request('Hi', { responseFormat: { type: 'json_object' } }))).rejects.toMatchObject({
      code: 'unsupported_parameter',
      param: 'response_format',
    });
    await expect(chunksOf(request('Hi', { toolChoice: 'required' }))).rejects.toMatchObject({ param: 'tool_choice' });
  });

  it('reports its runs as its own', async () => {
    const events: unknown[] = [];
    const observer: LlmObserver = {
      finished: ({ provider, model, outcome }) => events.push({ provider, model, outcome }),
    };

    await collect(new BuiltinChatProvider(observer).stream(request('Hi'), new AbortController().signal));

    expect(events).toEqual([{ provider: 'builtin', model: BUILTIN_CHAT_MODEL, outcome: 'completed' }]);
  });
});
