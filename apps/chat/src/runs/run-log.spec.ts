import { describe, expect, it } from '@jest/globals';
import { extentOf, type RunEvent, type ServerToolEvent } from '@parley/contracts';
import { type ToolCall } from '@parley/llm';
import { RunLog } from './run-log.js';

type Told = Parameters<RunLog['add']>[0];

const text = (value: string): Told => ({ type: 'text', text: value });
const call = (index: number, args: string, id?: string): Told => ({
  type: 'tool_call',
  index,
  ...(id === undefined ? {} : { id, name: `tool_${id}` }),
  argumentsDelta: args,
});
const step = (state: ServerToolEvent['state']): ServerToolEvent => ({
  ...{ type: 'server_tool', callId: 'c', tool: 'http', name: 'weather', state },
});

/** Text and calls as an answer keeps them. */
function storedOf(events: readonly Told[]): { text: string; toolCalls: ToolCall[] } {
  const toolCalls: ToolCall[] = [];
  let all = '';
  for (const event of events) {
    if (event.type === 'text') all += event.text;
    if (event.type !== 'tool_call') continue;
    const kept = (toolCalls[event.index] ??= { id: '', name: '', arguments: '' });
    kept.id ||= event.id ?? '';
    kept.name ||= event.name ?? '';
    kept.arguments += event.argumentsDelta;
  }
  return { text: all, toolCalls };
}

/** One letter for each place, whatever pieces they come in. */
function places(events: Iterable<RunEvent>): string[] {
  return [...events].flatMap((event) => {
    if (event.type === 'text') return [...event.text];
    if (event.type === 'server_tool') return [event.state];
    if (event.type !== 'tool_call') return [];
    return [
      ...(event.id === undefined ? [] : [event.id]),
      ...[...event.argumentsDelta].map((c) => `${event.index}${c}`),
    ];
  });
}

const ANSWERS: [string, Told[], boolean][] = [
  ['text', [text('one '), text('two')], true],
  ['text and calls', [text('Hm.'), call(0, '{"a"', 'x'), call(0, ':1}'), call(1, '{}', 'y')], true],
  ['a call before the text', [call(0, '{}', 'x'), text('and so')], false],
  [
    'fragments of two calls, mixed',
    [call(0, '{"a', 'x'), call(1, '{"b', 'y'), call(0, '":1}'), call(1, '":2}')],
    false,
  ],
  ['steps of the server', [text('Let me see.'), step('started'), step('completed'), text('Sunny.')], false],
  ['all of it', [step('started'), text('a'), step('failed'), text('b'), call(0, '{}', 'x'), text('c')], false],
  ['nothing', [], true],
];

describe('RunLog', () => {
  it.each(ANSWERS)('tells %s from any place, and the same from what is stored', (_, events, isUsual) => {
    const log = new RunLog();
    for (const event of events) log.add(event);
    expect(log.outline === null).toBe(isUsual);
    const outline = JSON.parse(JSON.stringify(log.outline)) as typeof log.outline;
    const stored = RunLog.of({ ...storedOf(events), outline });
    expect(stored.extent).toBe(log.extent);
    const all = places(log.from(0));
    expect(all).toHaveLength(log.extent);
    for (let after = 0; after <= log.extent; after++) {
      expect(places(log.from(after))).toEqual(all.slice(after));
      expect(places(stored.from(after))).toEqual(all.slice(after));
      const extents = [...stored.from(after)].map(extentOf);
      expect(extents.reduce((sum, extent) => sum + extent, 0)).toBe(log.extent - after);
    }
  });

  it('tells text that was saved but not told yet behind all that was', () => {
    const stored = RunLog.of({ text: 'one two', toolCalls: null, outline: [{ text: 4 }, { tool: step('started') }] });
    expect([...stored.from(2)]).toEqual([text('e '), step('started'), text('two')]);
  });
});
