import { createReadStream, existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually, type ProviderStub, startProviderStub } from '@parley/testing';
import OpenAI, { NotFoundError, toFile } from 'openai';
import { createTenant, startEmbeddedSuite, startRealSuite, type Suite } from './support/suite.js';

const SHARED = resolve(import.meta.dirname, '../../shared/data/documents');
const REAL_DOCUMENTS = ['pdf/tracemonkey.pdf', 'docx/tables.docx', 'csv/csv.csv'];
const QUESTION = 'How does trace-based compilation specialise types in loops?';

/** The real documents where they are at hand, otherwise small ones of the same kinds. */
async function documents() {
  if (existsSync(SHARED)) return REAL_DOCUMENTS.map((path) => createReadStream(resolve(SHARED, path)));
  process.stderr.write('The shared documents are not here: made-up ones take their place.\n');
  const text =
    'Trace-based compilation records hot loops and specialises them by type.\n\nA trace is a path through a loop.';
  return [
    await toFile(Buffer.from(`# Tracing\n\n${text}\n`), 'tracing.md'),
    await toFile(
      Buffer.from(`<h1>Tables</h1><table><tr><th>Side</th></tr><tr><td>left</td></tr></table>`),
      'tables.html',
    ),
    await toFile(Buffer.from('Product,Price\nKeyboard,20\nMouse,10\n'), 'products.csv'),
  ];
}

interface StreamedAnswer {
  text: string;
  tokens: number;
  annotations: {
    type: string;
    file_id: string;
    filename: string;
    index: number;
    chunk_id: string;
    quote: string;
    score: number;
  }[];
  usage: OpenAI.CompletionUsage | undefined;
  conversationId: string;
  finishReason: string | null;
}

async function ask(client: OpenAI, model: string): Promise<StreamedAnswer> {
  const stream = await client.chat.completions.create({
    model,
    stream: true,
    stream_options: { include_usage: true },
    messages: [{ role: 'user', content: QUESTION }],
  });
  const answer: StreamedAnswer = {
    text: '',
    tokens: 0,
    annotations: [],
    usage: undefined,
    conversationId: '',
    finishReason: null,
  };
  for await (const chunk of stream as AsyncIterable<OpenAI.ChatCompletionChunk & { conversation_id?: string }>) {
    if (chunk.conversation_id) answer.conversationId = chunk.conversation_id;
    if (chunk.usage) answer.usage = chunk.usage;
    const [choice] = chunk.choices;
    if (!choice) continue;
    if (choice.delta.content) {
      answer.text += choice.delta.content;
      answer.tokens += 1;
    }
    if (choice.finish_reason) answer.finishReason = choice.finish_reason;
    answer.annotations.push(...((choice.delta as { annotations?: StreamedAnswer['annotations'] }).annotations ?? []));
  }
  return answer;
}

const flat = (text: string) => text.replace(/\s+/g, ' ');

interface Setting {
  name: string;
  provider: 'stub' | 'builtin';
  start: (environment: Record<string, string>) => Promise<Suite>;
}

const SETTINGS: Setting[] = [
  { name: 'embedded, provider over HTTP', provider: 'stub', start: startEmbeddedSuite },
  { name: 'four processes on real services, provider over HTTP', provider: 'stub', start: startRealSuite },
  { name: 'embedded, built-in provider', provider: 'builtin', start: startEmbeddedSuite },
];

describe.each(SETTINGS)('upload, ask, get a grounded answer: $name', ({ provider, start }) => {
  let stub: ProviderStub;
  let suite: Suite;
  let client: OpenAI;
  let stranger: OpenAI;
  let fileIds: string[];
  let vectorStoreId: string;
  let assistantId: string;
  let answer: StreamedAnswer;
  const expected = 'Traces are recorded for hot loops [1] and specialised by type [1].';

  beforeAll(async () => {
    // Slow enough that it does not all come at once.
    stub = await startProviderStub({ answer: () => ({ tokens: expected.match(/\s*\S+/g)!, intervalMs: 80 }) });
    suite = await start(
      provider === 'stub'
        ? { OPENAI_BASE_URL: stub.baseUrl, OPENAI_API_KEY: stub.apiKey, OPENAI_MODEL: 'stub-model' }
        : {},
    );
    client = new OpenAI({ baseURL: `${suite.baseUrl}/v1`, apiKey: suite.apiKey, maxRetries: 0 });
    stranger = new OpenAI({
      baseURL: `${suite.baseUrl}/v1`,
      apiKey: await createTenant(suite, 'stranger'),
      maxRetries: 0,
    });
  });
  afterAll(async () => {
    await suite?.stop();
    await stub?.close();
  });

  async function api<T>(path: string): Promise<T> {
    const response = await fetch(`${suite.baseUrl}${path}`, { headers: { authorization: `Bearer ${suite.apiKey}` } });
    expect(response.status).toBe(200);
    return (await response.json()) as T;
  }

  it('indexes a pdf, a docx and a csv', async () => {
    const store = await client.vectorStores.create({ name: 'manuals' });
    vectorStoreId = store.id;
    const files = [];
    for (const file of await documents()) files.push(await client.files.create({ file, purpose: 'assistants' }));
    fileIds = files.map((file) => file.id);
    for (const id of fileIds) {
      const indexed = await client.vectorStores.files.createAndPoll(store.id, { file_id: id }, { pollIntervalMs: 200 });
      expect({ id, status: indexed.status, error: indexed.last_error }).toEqual({
        id,
        status: 'completed',
        error: null,
      });
    }
    const { file_counts: counts } = await client.vectorStores.retrieve(store.id);
    expect(counts).toMatchObject({ completed: 3, in_progress: 0, failed: 0, total: 3 });
  });

  it('streams an answer of an assistant that knows them', async () => {
    const created = await fetch(`${suite.baseUrl}/api/v1/assistants`, {
      method: 'POST',
      headers: { authorization: `Bearer ${suite.apiKey}`, 'content-type': 'application/json' },
      body: JSON.stringify({
        name: 'Librarian',
        instructions: 'Answer from the documents.',
        vector_store_ids: [vectorStoreId],
      }),
    });
    expect(created.status).toBe(201);
    assistantId = ((await created.json()) as { id: string }).id;
    expect((await client.models.list()).data.map((model) => model.id)).toContain(assistantId);

    answer = await ask(client, assistantId);
    expect(answer.finishReason).toBe('stop');
    expect(answer.tokens).toBeGreaterThan(1);
    if (provider === 'stub') expect(answer.text).toBe(expected);
    else expect(answer.text.length).toBeGreaterThan(20);
    expect(answer.usage!.total_tokens).toBe(answer.usage!.prompt_tokens + answer.usage!.completion_tokens);
    expect(answer.usage!.completion_tokens).toBeGreaterThan(0);
  });

  it('cites the file, with a quote that stands literally in the chunk', async () => {
    expect(answer.annotations.length).toBeGreaterThan(0);
    for (const citation of answer.annotations) {
      expect(citation).toMatchObject({ type: 'file_citation', index: expect.any(Number), score: expect.any(Number) });
      expect(fileIds).toContain(citation.file_id);
      expect(citation.chunk_id).toMatch(/^chunk_[0-9a-f]{32}$/);
      const content = await client.vectorStores.files.content(citation.file_id, { vector_store_id: vectorStoreId });
      expect(content.data.map((part) => part.text ?? '').some((text) => text.includes(citation.quote))).toBe(true);
    }
    expect(answer.annotations[0]!.filename).toMatch(/^trac/);
  });

  it('has put the passages before the language model as data', async () => {
    if (provider === 'builtin') return expect(stub.requests).toHaveLength(0);
    const request = stub.requests.findLast((entry) => entry.route === 'chat')!;
    const prompt = flat(JSON.stringify(request.body));
    expect(prompt).toContain(flat(JSON.stringify(answer.annotations[0]!.quote)).slice(1, 40));
    expect(prompt).toContain(QUESTION);
  });

  it('keeps the conversation', async () => {
    expect(answer.conversationId).toMatch(/^conv_/);
    const { data } = await api<{ data: { id: string }[] }>('/api/v1/conversations');
    expect(data.map((conversation) => conversation.id)).toContain(answer.conversationId);
    const messages = await api<{ data: { role: string; content: string; annotations: unknown[] }[] }>(
      `/api/v1/conversations/${answer.conversationId}/messages?order=asc`,
    );
    expect(messages.data).toMatchObject([
      { role: 'user', content: QUESTION },
      { role: 'assistant', content: answer.text, annotations: answer.annotations },
    ]);
  });

  it('grounds a chat without an assistant by a file_search tool', async () => {
    const completion = await client.chat.completions.create({
      model: 'default',
      messages: [{ role: 'user', content: QUESTION }],
      tools: [{ type: 'file_search', vector_store_ids: [vectorStoreId] } as unknown as OpenAI.ChatCompletionTool],
    });
    const message = completion.choices[0]!.message as unknown as {
      content: string;
      annotations: { file_id: string }[];
    };
    expect(message.content.length).toBeGreaterThan(0);
    expect(fileIds).toContain(message.annotations[0]!.file_id);
  });

  it('shows another tenant nothing of it', async () => {
    expect((await stranger.files.list()).data).toEqual([]);
    expect((await stranger.vectorStores.list()).data).toEqual([]);
    await expect(stranger.files.retrieve(fileIds[0]!)).rejects.toBeInstanceOf(NotFoundError);
    await expect(stranger.files.content(fileIds[0]!)).rejects.toBeInstanceOf(NotFoundError);
    await expect(stranger.files.delete(fileIds[0]!)).rejects.toBeInstanceOf(NotFoundError);
    await expect(stranger.vectorStores.retrieve(vectorStoreId)).rejects.toBeInstanceOf(NotFoundError);
    await expect(stranger.vectorStores.search(vectorStoreId, { query: QUESTION })).rejects.toBeInstanceOf(
      NotFoundError,
    );
    await expect(ask(stranger, assistantId)).rejects.toBeInstanceOf(NotFoundError);
    const response = await fetch(`${suite.baseUrl}/api/v1/conversations/${answer.conversationId}`, {
      headers: { authorization: `Bearer ${stranger.apiKey}` },
    });
    expect(response.status).toBe(404);
    const grounded = stranger.chat.completions.create({
      model: 'default',
      messages: [{ role: 'user', content: QUESTION }],
      tools: [{ type: 'file_search', vector_store_ids: [vectorStoreId] } as unknown as OpenAI.ChatCompletionTool],
    });
    await expect(grounded).rejects.toBeInstanceOf(NotFoundError);
  });

  it('finds the old or the new text while the content of a file is replaced, and the old one when the new cannot be read', async () => {
    const { id: store } = await client.vectorStores.create({ name: 'lighthouses' });
    const text = (colour: string) => Buffer.from(`The lighthouse of Hanstholm is painted ${colour}.`);
    const { id } = await client.files.create({ file: await toFile(text('red'), 'tower.txt'), purpose: 'assistants' });
    await client.vectorStores.files.createAndPoll(store, { file_id: id }, { pollIntervalMs: 100 });
    const found = async () => {
      const { data } = await client.vectorStores.search(store, { query: 'What is the lighthouse painted like?' });
      return data.flatMap(({ content }) => content.map((part) => /red|blue|green/.exec(part.text)?.[0])).join();
    };
    /** What searches in a row find, until the new version has come to an end. */
    const whileReplacing = async (content: Buffer) => {
      const response = await fetch(`${suite.baseUrl}/api/v1/files/${id}/content`, {
        method: 'PUT',
        headers: { authorization: `Bearer ${suite.apiKey}`, 'content-type': 'application/octet-stream' },
        body: new Uint8Array(content),
      });
      expect(response.status).toBe(200);
      const seen: string[] = [await found()];
      const end = await eventually(
        async () => {
          const { status, last_error: error } = await client.vectorStores.files.retrieve(id, {
            vector_store_id: store,
          });
          seen.push(await found());
          expect(status).not.toBe('in_progress');
          return { status, code: error?.code };
        },
        { intervalMs: 0 },
      );
      return { ...end, seen: [...seen, await found()].filter((each, index, all) => each !== all[index - 1]) };
    };

    expect(await found()).toBe('red');
    expect(await whileReplacing(text('blue'))).toMatchObject({ status: 'completed', seen: ['red', 'blue'] });
    const broken = Buffer.from(`%PDF-1.7\n${'broken '.repeat(50)}`);
    expect(await whileReplacing(broken)).toEqual({ status: 'failed', code: 'invalid_file', seen: ['blue'] });
    expect(await whileReplacing(text('green'))).toMatchObject({ status: 'completed', seen: ['blue', 'green'] });
  });

  it('forgets a deleted file: no listing, no hit', async () => {
    await client.files.delete(fileIds[0]!);
    await expect(client.files.retrieve(fileIds[0]!)).rejects.toBeInstanceOf(NotFoundError);
    const hits = await client.vectorStores.search(vectorStoreId, { query: QUESTION });
    expect(hits.data.map((hit) => hit.file_id)).not.toContain(fileIds[0]);
  });
});
