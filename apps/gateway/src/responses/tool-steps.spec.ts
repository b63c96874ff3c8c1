import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type AnswerStep, formatId, GetRunEvents, GetStoredRequest, type RunEvent, StartRun } from '@parley/contracts';
import OpenAI from 'openai';
import { type ResponseStreamEvent } from 'openai/resources/responses/responses';
import { COMPLETED, createRoutesApp, type RoutesApp, runView } from '../fixtures/routes.fixture.js';
import { responseRequest } from './response-request.js';

const ID = formatId('response', '0198c0de-0000-7000-8000-000000000411');
const FILE = '0198c0de-0000-7000-8000-0000000f11e5';
const ANSWER = '0198c0de00007000800000000000e55a';
const RESULTS = ['file_search_call.results' as const];
const PASSAGE = { fileId: FILE, filename: 'handbook.pdf', score: 0.9, text: 'Two years.', attributes: { year: 2024 } };

const step = (callId: string, name: string, fields: object) =>
  ({
    ...{ type: 'server_tool', callId, name, tool: name === 'file_search' ? 'file_search' : 'http', ...fields },
  }) as AnswerStep['event'];
/** Says something, searches and asks a web service beside each other, and asks it again under the same id. */
const STEPS: RunEvent[] = [
  { type: 'text', text: 'Let me look.' },
  step('call_1', 'file_search', { state: 'started', arguments: '{"query":"warranty"}' }),
  step('call_2', 'weather', { state: 'started', arguments: '{"city":"Rome"}' }),
  step('call_1', 'file_search', { state: 'completed', results: [PASSAGE] }),
  step('call_2', 'weather', { state: 'failed', error: 'It did not answer.' }),
  step('call_2', 'weather', { state: 'started', arguments: '{"city":"Oslo"}' }),
  step('call_2', 'weather', { state: 'completed' }),
  { type: 'text', text: '\n\nIt lasts two years.' },
  COMPLETED,
];
const TEXT = 'Let me look.\n\nIt lasts two years.';

const OUTPUT = (results: object[] | null) => [
  { type: 'message', status: 'completed', content: [{ text: TEXT }] },
  { id: `fs_${ANSWER}`, type: 'file_search_call', queries: ['warranty'], status: 'completed', results },
  {
    ...{ id: `mcp_${ANSWER}_1`, type: 'mcp_call', name: 'weather', arguments: '{"city":"Rome"}', status: 'failed' },
    error: { type: 'mcp_tool_execution_error', content: [{ type: 'text', text: 'It did not answer.' }] },
  },
  {
    ...{ id: `mcp_${ANSWER}_2`, type: 'mcp_call', server_label: 'parley', arguments: '{"city":"Oslo"}' },
    ...{ status: 'completed', error: null, output: null },
  },
];
const FOUND = [
  {
    file_id: formatId('file', FILE),
    filename: 'handbook.pdf',
    score: 0.9,
    text: 'Two years.',
    attributes: { year: 2024 },
  },
];

describe('Tools of the server in /v1/responses', () => {
  let app: RoutesApp;
  let openai: OpenAI;
  beforeAll(async () => {
    app = await createRoutesApp();
    openai = new OpenAI({ baseURL: `${app.url}/v1`, apiKey: 'sk-any', maxRetries: 0 });
  });
  afterAll(() => app.close());
  beforeEach(() => {
    app.bus.reset();
    answering(STEPS);
  });

  const request = { model: 'default', input: 'How long?' };
  const eventsOf = async (stream: AsyncIterable<ResponseStreamEvent>) => {
    const events: ResponseStreamEvent[] = [];
    for await (const event of stream) events.push(event);
    return events;
  };
  const namesOf = (events: ResponseStreamEvent[]) => events.map(({ type }) => type.replace('response.', ''));

  /** Live, and afterwards from what is stored. */
  function answering(told: RunEvent[], body: object = request) {
    let text = '';
    const steps: AnswerStep[] = [];
    for (const event of told) {
      if (event.type === 'text') text += event.text;
      if (event.type === 'server_tool') steps.push({ event, textBefore: text.length });
    }
    const isOver = told.at(-1)!.type === 'completed';
    const output = { text, toolCalls: [], annotations: [], steps };
    const run = runView({ status: isOver ? 'completed' : 'in_progress', output, usage: COMPLETED.usage });
    app.bus.acceptRuns({}, ({ send }) => send(...told));
    app.bus
      .on(GetRunEvents, () => ({ run, state: 'ended' as const, events: told }))
      .on(GetStoredRequest, () => ({ run, request: { ...responseRequest(body as typeof request) } }));
  }

  it('are items of the output, as they are told and as they are stored', async () => {
    const stream = openai.responses.stream(request);
    const events = await eventsOf(stream);
    expect(namesOf(events).filter((name) => /search|mcp|item/.test(name))).toEqual([
      'output_item.added',
      ...['output_item.added', 'file_search_call.in_progress', 'file_search_call.searching'],
      ...['output_item.added', 'mcp_call.in_progress', 'mcp_call_arguments.done'],
      ...['file_search_call.completed', 'output_item.done'],
      ...['mcp_call.failed', 'output_item.done'],
      ...['output_item.added', 'mcp_call.in_progress', 'mcp_call_arguments.done'],
      ...['mcp_call.completed', 'output_item.done'],
      'output_item.done',
    ]);
    const whole = await stream.finalResponse();
    expect(whole).toMatchObject({ output: OUTPUT(null), output_text: TEXT });
    expect((await openai.responses.retrieve(ID)).output).toEqual((await openai.responses.create(request)).output);
    expect((await openai.responses.retrieve(ID)).output).toMatchObject(OUTPUT(null));
    const unstored = await openai.responses.create({ ...request, store: false });
    expect(unstored.output.map(({ type }) => type)).toEqual(['message', 'file_search_call', 'mcp_call', 'mcp_call']);
  });

  it('are told again from behind any event, and nothing twice', async () => {
    const whole = await eventsOf(await openai.responses.create({ ...request, stream: true }));
    for (const [index, { sequence_number: starting_after }] of whole.entries()) {
      const rest = await eventsOf(await openai.responses.retrieve(ID, { stream: true, starting_after }));
      const numbered = (events: ResponseStreamEvent[]) => events.map((event) => [event.type, event.sequence_number]);
      expect(numbered(rest)).toEqual(numbered(whole.slice(index + 1)));
    }
  });

  it('show what was found to who asks for it', async () => {
    const include = RESULTS;
    const response = await openai.responses.create({ ...request, include });
    expect(response.output).toMatchObject(OUTPUT(FOUND));
    expect(app.bus.asked(StartRun)).toMatchObject([{ tellsResults: true }]);
    expect((await openai.responses.retrieve(ID, { include })).output).toMatchObject(OUTPUT(FOUND));
    const live = await openai.responses.stream({ ...request, include }).finalResponse();
    expect(live.output).toMatchObject(OUTPUT(FOUND));
    const again = await eventsOf(await openai.responses.retrieve(ID, { include, stream: true }));
    expect(again.at(-1)).toMatchObject({ response: { output: OUTPUT(FOUND) } });
    await openai.responses.create(request);
    expect(app.bus.asked(StartRun).at(-1)).not.toHaveProperty('tellsResults');
  });

  it('are searched with when the model wants to, or told by the run itself, and never told twice', async () => {
    const files = { type: 'file_search' as const, vector_store_ids: [formatId('knowledgeBase', FILE)] };
    for (const more of [{ tools: [{ ...files, mode: 'auto' }] }, { tools: [files], include: RESULTS }]) {
      const body = { ...request, ...more };
      answering(STEPS, body);
      const { output } = await openai.responses.create(body);
      expect(output.filter(({ type }) => type === 'file_search_call')).toHaveLength(1);
    }
    const before = { ...request, tools: [files] };
    answering([step('', 'weather', { state: 'started' }), { type: 'text', text: 'Hm.' }, COMPLETED], before);
    const { output } = await openai.responses.stream(before).finalResponse();
    expect(output.map(({ id }) => id)).toEqual([
      `fs_${ANSWER}`,
      `mcp_${ANSWER}_1`,
      formatId('message', dashed(ANSWER)),
    ]);
    expect(output).toMatchObject([{ queries: ['How long?'], status: 'completed' }, { status: 'incomplete' }, {}]);
    expect(output).toMatchObject((await openai.responses.retrieve(ID)).output);
  });

  it('may be sent back as input, as clients do with all of an answer', async () => {
    const { output } = await openai.responses.create({ ...request, include: RESULTS });
    const input = [...output, { role: 'user' as const, content: 'And then?' }] as OpenAI.Responses.ResponseInput;
    await openai.responses.create({ ...request, input });
    expect(app.bus.asked(StartRun).at(-1)!.messages).toEqual([
      { role: 'assistant', content: TEXT },
      { role: 'user', content: 'And then?' },
    ]);
  });

  it('go on in a response under way, and break off with it', async () => {
    answering(STEPS.slice(0, 2));
    expect((await openai.responses.retrieve(ID)).output).toMatchObject([
      { type: 'message', status: 'in_progress' },
      { type: 'file_search_call', status: 'in_progress' },
    ]);
    answering(STEPS.slice(1, 2));
    expect((await openai.responses.retrieve(ID)).output).toMatchObject([{ type: 'file_search_call' }]);
    answering([step('a', 'file_search', { state: 'started', arguments: 'no {json' }), COMPLETED]);
    const { output } = await openai.responses.stream(request).finalResponse();
    expect(output[0]).toMatchObject({ type: 'file_search_call', status: 'incomplete', queries: [], results: null });
  });
});

const dashed = (hex: string) => hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
