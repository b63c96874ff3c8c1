import { createOpenAI } from '@ai-sdk/openai';
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { HumanMessage, type ToolMessage } from '@langchain/core/messages';
import { tool as langChainTool } from '@langchain/core/tools';
import { ChatOpenAI, OpenAIEmbeddings } from '@langchain/openai';
import { eventually, type ProviderStub, type RecordedRequest, type Reply, startProviderStub } from '@parley/testing';
import {
  DefaultChatTransport,
  embedMany,
  type EmbeddingModel,
  generateText,
  isStepCount,
  type LanguageModel,
  lastAssistantMessageIsCompleteWithToolCalls,
  Output,
  streamText,
  tool,
  type UIMessage,
} from 'ai';
import { z } from 'zod';
import { ChatInMemory } from './support/chat-in-memory.js';
import { createTenant, startEmbeddedSuite, type Suite } from './support/suite.js';

const PIXEL = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
const WORDS = Array.from({ length: 40 }, (_, index) => `wörd${index} `);
const QUESTION = 'How is the weather in Oslo?';
const place = z.object({ place: z.string() });
const report = z.object({ place: z.string(), celsius: z.number() });
const REPORT = { place: 'Oslo', celsius: 7 };

let stub: ProviderStub;
let suite: Suite;

const messagesOf = ({ body }: RecordedRequest) => body['messages'] as { role: string; content: unknown }[];
const lastChat = () => stub.requests.findLast(({ route }) => route === 'chat')!;

/** Answers in JSON when a schema asks for it, calls the function it was given, and otherwise says what it heard. */
function reply(request: RecordedRequest): Reply {
  const { role, content } = messagesOf(request).at(-1)!;
  if (role === 'tool') return `It is ${String(content)}.`;
  if (request.body['response_format']) return JSON.stringify(REPORT);
  if (content === 'Tell me.') return { tokens: WORDS, intervalMs: 25 };
  const [called] = (request.body['tools'] ?? []) as { function: { name: string } }[];
  if (!called) return Array.isArray(content) ? 'I see.' : `You said: ${String(content)}`;
  const { name } = called.function;
  const args = name === 'weather' ? { place: 'Oslo' } : REPORT;
  return { tokens: [], toolCalls: [{ id: 'call_1', name, arguments: JSON.stringify(args) }] };
}

beforeAll(async () => {
  stub = await startProviderStub({ answer: reply });
  suite = await startEmbeddedSuite({
    ...{ OPENAI_BASE_URL: stub.baseUrl, OPENAI_API_KEY: stub.apiKey, CONVERSATION_TITLES: 'false' },
  });
});
beforeEach(() => {
  stub.answer = reply;
});
afterAll(async () => {
  await suite?.stop();
  await stub?.close();
});

interface AiSdk {
  model(): LanguageModel;
  embeddings(): EmbeddingModel;
}

const sdks: Record<string, AiSdk> = {
  '@ai-sdk/openai, over responses': {
    model: () => openai().responses('default'),
    embeddings: () => openai().embeddingModel('default'),
  },
  '@ai-sdk/openai, over chat completions': {
    model: () => openai().chat('default'),
    embeddings: () => openai().embeddingModel('default'),
  },
  '@ai-sdk/openai-compatible': {
    model: () => compatible().chatModel('default'),
    embeddings: () => compatible().embeddingModel('default'),
  },
};
const address = () => ({ baseURL: `${suite.baseUrl}/v1`, apiKey: suite.apiKey });
const openai = () => createOpenAI(address());
const compatible = () =>
  createOpenAICompatible({ ...address(), name: 'parley', includeUsage: true, supportsStructuredOutputs: true });

describe.each(Object.entries(sdks))('%s', (_name, { model, embeddings }) => {
  const weather = tool({ inputSchema: place, execute: ({ place: where }) => `dry in ${where}` });
  const asked = () => ({ model: model(), maxRetries: 0 });

  it('generates and streams a text, with its usage', async () => {
    const whole = await generateText({ ...asked(), prompt: 'one two' });
    expect([whole.text, whole.finishReason]).toEqual(['You said: one two', 'stop']);
    expect(whole.usage).toMatchObject({ inputTokens: 2, outputTokens: 4 });
    const stream = streamText({ ...asked(), prompt: 'one two', instructions: 'Be brief.' });
    const pieces: string[] = [];
    for await (const piece of stream.textStream) pieces.push(piece);
    expect(pieces.join('')).toBe('You said: one two');
    expect((await stream.usage).outputTokens).toBe(4);
    expect(messagesOf(lastChat())[0]).toMatchObject({ content: expect.stringContaining('Be brief.') });
  });

  it('calls functions and goes on with what they return, whole and streamed', async () => {
    const request = { prompt: QUESTION, tools: { weather }, stopWhen: isStepCount(3) };
    const whole = await generateText({ ...asked(), ...request });
    expect([whole.text, whole.steps.length]).toEqual(['It is dry in Oslo.', 2]);
    expect(whole.steps[0]!.toolCalls).toMatchObject([{ toolName: 'weather', input: { place: 'Oslo' } }]);
    const stream = streamText({ ...asked(), ...request });
    expect([await stream.text, (await stream.steps).length]).toEqual(['It is dry in Oslo.', 2]);
  });

  it('generates an object by its schema', async () => {
    const request = { ...asked(), output: Output.object({ schema: report }), prompt: QUESTION };
    expect((await generateText(request)).output).toEqual(REPORT);
    expect(await streamText(request).output).toEqual(REPORT);
    expect(lastChat().body['response_format']).toMatchObject({
      type: 'json_schema',
      json_schema: { schema: { required: ['place', 'celsius'] } },
    });
  });

  it('sends images', async () => {
    const image = { type: 'file' as const, data: Buffer.from(PIXEL, 'base64'), mediaType: 'image/png' };
    const content = [{ type: 'text' as const, text: 'What is this?' }, image];
    const { text } = await generateText({ ...asked(), messages: [{ role: 'user', content }] });
    expect(text).toBe('I see.');
    expect(messagesOf(lastChat()).at(-1)!.content).toMatchObject([
      { type: 'text', text: 'What is this?' },
      { type: 'image_url', image_url: { url: `data:image/png;base64,${PIXEL}` } },
    ]);
  });

  it('embeds', async () => {
    const { embeddings: vectors } = await embedMany({ model: embeddings(), values: ['a', 'b'], maxRetries: 0 });
    expect(vectors.map(({ length }) => length)).toEqual([1_536, 1_536]);
  });
});

describe('useChat', () => {
  const api = () => `${suite.baseUrl}/api/v1/chat`;
  const textOf = ({ parts }: UIMessage) => parts.map((part) => (part.type === 'text' ? part.text : '')).join('');
  const told = ({ messages }: ChatInMemory) => messages.map(textOf);
  let chats = 0;

  interface Options {
    id?: string;
    body?: object;
    key?: string;
    messages?: UIMessage[];
  }
  function chatOf({ id = `chat ${(chats += 1)}`, body = {}, key = suite.apiKey, messages = [] }: Options = {}) {
    const headers = { authorization: `Bearer ${key}` };
    const chat: ChatInMemory = new ChatInMemory({
      ...{ id, messages, transport: new DefaultChatTransport({ api: api(), headers, body }) },
      sendAutomaticallyWhen: lastAssistantMessageIsCompleteWithToolCalls,
      onError: (error) => {
        throw error;
      },
      onToolCall: ({ toolCall: { toolCallId } }) => {
        void chat.addToolOutput({ tool: 'weather', toolCallId, output: 'dry' });
      },
    });
    return chat;
  }
  const stop = (id: string) => {
    const headers = { authorization: `Bearer ${suite.apiKey}` };
    return fetch(`${api()}/${encodeURIComponent(id)}/stop`, { method: 'POST', headers }).then((response) =>
      response.json(),
    );
  };
  const begun = (chat: ChatInMemory) =>
    eventually(() =>
      expect(chat.messages.at(-1)?.parts.at(-1)).toMatchObject({ text: expect.stringMatching(/wörd3 /) }),
    );

  it('goes on, answers anew and edits; the model is told one branch', async () => {
    const chat = chatOf();
    await chat.sendMessage({ text: 'One' });
    await chat.sendMessage({ text: 'Two' });
    expect(told(chat)).toEqual(['One', 'You said: One', 'Two', 'You said: Two']);
    expect(messagesOf(lastChat()).map(({ content }) => content)).toEqual(['One', 'You said: One', 'Two']);
    stub.answer = 'Otherwise.';
    await chat.regenerate();
    expect(told(chat)).toEqual(['One', 'You said: One', 'Two', 'Otherwise.']);
    stub.answer = reply;
    await chat.sendMessage({ text: 'Uno', messageId: chat.messages[0]!.id });
    expect(told(chat)).toEqual(['Uno', 'You said: Uno']);
    await chat.sendMessage({ text: 'Due' });
    expect(messagesOf(lastChat()).map(({ content }) => content)).toEqual(['Uno', 'You said: Uno', 'Due']);
    const reloaded = chatOf({ id: chat.id });
    await reloaded.sendMessage({ text: 'Tre' });
    expect(messagesOf(lastChat()).length).toBe(5);
  });

  it('calls its tools, in one message, and goes on behind them', async () => {
    const tools = [{ type: 'function', function: { name: 'weather', parameters: { type: 'object' } } }];
    const chat = chatOf({ body: { tools } });
    await chat.sendMessage({ text: QUESTION });
    await eventually(() => expect(told(chat)).toEqual([QUESTION, 'It is dry.']));
    expect(chat.messages[1]!.parts).toMatchObject([
      { type: 'step-start' },
      { type: 'tool-weather', state: 'output-available', input: { place: 'Oslo' }, output: 'dry' },
      { type: 'step-start' },
      { type: 'text', text: 'It is dry.' },
    ]);
    await eventually(() => expect(chat.status).toBe('ready'));
    const after = chatOf({ id: chat.id, messages: chat.messages });
    await after.sendMessage({ text: 'Thanks.' });
    expect(told(after).at(-1)).toBe('You said: Thanks.');
    expect(messagesOf(lastChat()).map(({ role }) => role)).toEqual(['user', 'assistant', 'tool', 'assistant', 'user']);
  });

  it('is heard to its end by a client that comes back, and is nobody else’s', async () => {
    const chat = chatOf();
    const leaving = chat.sendMessage({ text: 'Tell me.' });
    await begun(chat);
    await chat.stop();
    await leaving;
    const stranger = chatOf({ id: chat.id, key: await createTenant(suite, 'elsewhere') });
    await stranger.resumeStream();
    expect(told(stranger)).toEqual([]);
    await chat.resumeStream();
    expect(told(chat)).toEqual(['Tell me.', WORDS.join('')]);
    await stranger.sendMessage({ text: 'Mine?' });
    expect(messagesOf(lastChat()).map(({ content }) => content)).toEqual(['Mine?']);
    const idle = chatOf({ id: chat.id, messages: chat.messages });
    await idle.resumeStream();
    expect(told(idle)).toEqual(told(chat));
  });

  it('is stopped by a call of its own, and keeps what was written', async () => {
    const chat = chatOf();
    const heard = chat.sendMessage({ text: 'Tell me.' });
    await begun(chat);
    expect(await stop(chat.id)).toMatchObject({ success: true, run_id: expect.stringMatching(/^run_/) });
    await heard;
    expect(WORDS.join('')).toContain(told(chat)[1]);
    expect(chat.messages[1]!.metadata).toMatchObject({ parley: { status: 'cancelled' } });
    await eventually(() => expect(lastChat().aborted).toBe(true));
    expect(await stop(chat.id)).toEqual({ success: true, run_id: null });
  });
});

describe.each([
  ['chat completions', false],
  ['responses', true],
])('@langchain/openai over %s', (_name, useResponsesApi) => {
  const weather = langChainTool(({ place: where }: z.infer<typeof place>) => `dry in ${where}`, {
    name: 'weather',
    description: 'The weather of a place',
    schema: place,
  });
  const model = () =>
    new ChatOpenAI({
      ...{ model: 'default', apiKey: suite.apiKey, maxRetries: 0, useResponsesApi },
      configuration: { baseURL: `${suite.baseUrl}/v1` },
    });

  it('invokes and streams, with its usage', async () => {
    const whole = await model().invoke('one two');
    expect([whole.text, whole.usage_metadata?.output_tokens]).toEqual(['You said: one two', 4]);
    let text = '';
    let tokens = 0;
    for await (const chunk of await model().stream('one two')) {
      text += chunk.text;
      tokens += chunk.usage_metadata?.output_tokens ?? 0;
    }
    expect([text, tokens]).toEqual(['You said: one two', 4]);
  });

  it('calls tools that are bound', async () => {
    const bound = model().bindTools([weather]);
    const question = new HumanMessage(QUESTION);
    const called = await bound.invoke([question]);
    expect(called.tool_calls).toMatchObject([{ name: 'weather', args: { place: 'Oslo' } }]);
    const result = (await weather.invoke(called.tool_calls![0]!)) as ToolMessage;
    expect((await bound.invoke([question, called, result])).text).toBe('It is dry in Oslo.');
  });

  it.each(['jsonSchema', 'functionCalling'] as const)('has structured output by %s', async (method) => {
    const structured = model().withStructuredOutput(report, { name: 'report', method });
    expect(await structured.invoke(QUESTION)).toEqual(REPORT);
  });
});

describe('OpenAIEmbeddings', () => {
  it('embed queries and documents', async () => {
    const embeddings = new OpenAIEmbeddings({
      ...{ model: 'default', apiKey: suite.apiKey, maxRetries: 0 },
      configuration: { baseURL: `${suite.baseUrl}/v1` },
    });
    const [query, documents] = await Promise.all([
      embeddings.embedQuery('turbine'),
      embeddings.embedDocuments(['turbine', 'garden']),
    ]);
    expect(documents).toHaveLength(2);
    expect(documents[0]!.map(Math.fround)).toEqual(query.map(Math.fround));
  });
});
