import { describe, expect, it } from '@jest/globals';
import { type ChatChunk, type ChatRequest } from '@parley/llm';
import { type ServerTool, ToolFault } from './server-tool.js';
import { answerInRounds, type RoundChunk } from './tool-rounds.js';

const USAGE: ChatChunk = { type: 'usage', usage: { promptTokens: 1, completionTokens: 1, estimated: false } };
const text = (value: string): ChatChunk => ({ type: 'text', text: value });
const call = (index: number, name: string, args = '{}'): ChatChunk[] => [
  { type: 'tool_call', index, id: `call_${index}`, name, argumentsDelta: args.slice(0, 1) },
  { type: 'tool_call', index, argumentsDelta: args.slice(1) },
];
const finish = (finishReason: 'stop' | 'tool_calls' | 'length' | 'cancelled'): ChatChunk[] => [
  { type: 'finish', finishReason },
  USAGE,
];
const asking = (...calls: ChatChunk[][]): ChatChunk[] => [...calls.flat(), ...finish('tool_calls')];
const saying = (value: string): ChatChunk[] => [text(value), ...finish('stop')];

function serverTool(name: string, run: (args: string, signal: AbortSignal) => Promise<string>): ServerTool {
  const told = async (args: string, signal: AbortSignal) => ({ text: await run(args, signal) });
  return { kind: 'http', definition: { type: 'function', function: { name } }, run: told };
}
const weather = serverTool('weather', (args) => Promise.resolve(`sunny for ${args}`));

async function play(
  rounds: ChatChunk[][],
  { tools = [weather], maxRounds = 3, request = {} as Partial<ChatRequest> } = {},
) {
  const asked: ChatRequest[] = [];
  const stop = new AbortController();
  const told: RoundChunk[] = [];
  const ask = async function* (question: ChatRequest): AsyncGenerator<ChatChunk> {
    asked.push(question);
    yield* rounds[asked.length - 1] ?? saying('no more');
  };
  const whole: ChatRequest = { model: 'm', messages: [{ role: 'user', content: 'Hm?' }], ...request };
  const fit = (result: string) => result.slice(0, 100);
  const options = { ask, tools, maxRounds, signal: stop.signal, fit, tellsResults: true };
  for await (const chunk of answerInRounds(whole, options)) told.push(chunk);
  const steps = told.flatMap((chunk) => (chunk.type === 'server_tool' ? [`${chunk.callId} ${chunk.state}`] : []));
  const said = told.map((chunk) => (chunk.type === 'text' ? chunk.text : '')).join('');
  const finishes = told.flatMap((chunk) => (chunk.type === 'finish' ? [chunk.finishReason] : []));
  const usages = told.filter(({ type }) => type === 'usage').length;
  return { asked, told, steps, said, finishes, usages };
}

describe('answerInRounds', () => {
  it('asks once, and nothing else, when there are no tools of the server', async () => {
    const { asked, told } = await play([saying('Hi.')], { tools: [] });
    expect(asked).toEqual([expect.not.objectContaining({ tools: expect.anything() })]);
    expect(told).toEqual(saying('Hi.'));
  });

  it('gives the model what its calls came to, and tells the steps but not the calls', async () => {
    const { asked, told, steps, said, finishes, usages } = await play([
      [text('Let me look.'), ...asking(call(0, 'weather', '{"city":"Rome"}'), call(1, 'weather', '{"city":"Oslo"}'))],
      saying('Sunny.'),
    ]);
    expect(asked[1]!.messages.slice(1)).toEqual([
      {
        role: 'assistant',
        content: 'Let me look.',
        toolCalls: [
          { id: 'call_0', name: 'weather', arguments: '{"city":"Rome"}' },
          { id: 'call_1', name: 'weather', arguments: '{"city":"Oslo"}' },
        ],
      },
      { role: 'tool', content: 'sunny for {"city":"Rome"}', toolCallId: 'call_0' },
      { role: 'tool', content: 'sunny for {"city":"Oslo"}', toolCallId: 'call_1' },
    ]);
    expect(steps).toEqual(['call_0 started', 'call_1 started', 'call_0 completed', 'call_1 completed']);
    expect(told.filter(({ type }) => type === 'tool_call')).toEqual([]);
    expect([said, finishes, usages]).toEqual(['Let me look.\n\nSunny.', ['stop'], 2]);
  });

  it('leaves calls of client functions to the client, numbered without gaps', async () => {
    const { asked, told, finishes } = await play([
      asking(call(0, 'weather'), call(1, 'buy', '{"n":1}'), call(2, 'sell')),
    ]);
    expect(asked).toHaveLength(1);
    expect(finishes).toEqual(['tool_calls']);
    expect(told.filter(({ type }) => type === 'tool_call')).toEqual([
      { type: 'tool_call', index: 0, id: 'call_1', name: 'buy', argumentsDelta: '{' },
      { type: 'tool_call', index: 0, argumentsDelta: '"n":1}' },
      { type: 'tool_call', index: 1, id: 'call_2', name: 'sell', argumentsDelta: '{' },
      { type: 'tool_call', index: 1, argumentsDelta: '}' },
    ]);
  });

  it('ends a model that never stops asking, by its last round, with a reason that clients know', async () => {
    const endless = Array.from({ length: 9 }, () => asking(call(0, 'weather')));
    const { asked, finishes } = await play(endless, { maxRounds: 2, request: { toolChoice: 'required' } });
    expect(asked.map(({ toolChoice }) => toolChoice)).toEqual(['required', 'auto', 'none']);
    expect(finishes).toEqual(['stop']);
  });

  it('tells the model what went wrong, in words that are meant for it, and goes on', async () => {
    const tools = [
      serverTool('picky', () => Promise.reject(new ToolFault('city is needed.'))),
      serverTool('broken', () => Promise.reject(new Error('secret address'))),
    ];
    const { asked, steps, said } = await play([asking(call(0, 'picky'), call(1, 'broken')), saying('Sorry.')], {
      tools,
    });
    expect(asked[1]!.messages.slice(2).map(({ content }) => content)).toEqual([
      'Error: city is needed.',
      'Error: The tool failed.',
    ]);
    expect(steps).toEqual(['call_0 started', 'call_1 started', 'call_0 failed', 'call_1 failed']);
    expect(said).toBe('Sorry.');
  });

  it('runs a bounded number of calls at a time', async () => {
    const ran: string[] = [];
    const tools = [serverTool('weather', (args) => Promise.resolve(String(ran.push(args))))];
    const many = Array.from({ length: 12 }, (_, index) => call(index, 'weather'));
    const { asked } = await play([asking(...many), saying('Done.')], { tools });
    expect(ran).toHaveLength(8);
    expect(asked[1]!.messages.at(-1)!.content).toMatch(/^Error: At most 8 tools/);
  });

  it.each(['length', 'cancelled'] as const)('runs nothing for a round that ended as %s', async (reason) => {
    const { asked, finishes, steps } = await play([[...call(0, 'weather'), ...finish(reason)]]);
    expect([asked.length, finishes, steps]).toEqual([1, [reason], []]);
  });
});
