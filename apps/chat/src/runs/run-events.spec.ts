import { describe, expect, it } from '@jest/globals';
import { extentOf, type RunEvent } from '@parley/contracts';
import { ManualClock } from '../fixtures/manual-clock.js';
import { Audience } from './audience.js';
import { RunEvents } from './run-events.js';

const GRACE_MS = 60_000;
const USAGE = {
  promptTokens: 1,
  completionTokens: 1,
  totalTokens: 2,
  cachedTokens: 0,
  reasoningTokens: 0,
  estimated: false,
  costMicros: null,
};
const END = { finishReason: 'stop' as const, usage: USAGE, annotations: [] };
const CALL = { type: 'tool_call', index: 0, id: 'call_1', name: 'f', argumentsDelta: '{"a":' } as const;

/** A run with one listener, `first`; whoever attaches is heard by the name of its stream. */
function createEvents({ hasListener = true, graceMs = GRACE_MS as number | null } = {}) {
  const clock = new ManualClock();
  const heard: Record<string, RunEvent[]> = {};
  const gone: Record<string, () => void> = {};
  let deserted = 0;
  const open = (_address: string, streamId: string) => {
    const told: RunEvent[] = (heard[streamId] = []);
    const hear = (event?: RunEvent) => {
      if (event) told.push(event);
      return true;
    };
    const probe = (event: RunEvent, onGone: () => void) => {
      gone[streamId] = onGone;
      return hear(event);
    };
    return { write: hear, probe, end: hear, abandon: () => undefined };
  };
  const audience = new Audience({ open, clock, graceMs, onDeserted: () => (deserted += 1) });
  if (hasListener) audience.add('gateway', 'first', []);
  const events = new RunEvents(audience, clock);
  const attach = (streamId: string, after: number) => {
    events.attach({ streamId, address: 'gateway', after });
    return heard[streamId]!;
  };
  return { clock, events, attach, heard, gone, told: heard['first']!, deserted: () => deserted };
}

const textOf = (told: RunEvent[]) => told.map((event) => (event.type === 'text' ? event.text : '')).join('');
const typesOf = (told: RunEvent[]) => told.map(({ type }) => type);

describe('RunEvents', () => {
  it('tells every few seconds that the run is alive, and nothing behind its end', () => {
    const { events, clock, told } = createEvents();
    clock.advance(7_000);
    expect(typesOf(told)).toEqual(['heartbeat', 'heartbeat']);
    events.completed(END);
    clock.advance(600_000);
    expect(told).toHaveLength(3);
    expect(clock.waiting).toBe(0);
  });

  it('keeps text before the call of a tool, and before the end', () => {
    const { events, told } = createEvents();
    events.text('a');
    events.text('b');
    events.toolCall(CALL);
    events.text('c');
    events.failed({ code: 'provider_error', message: 'gone' });
    expect(told.map((event) => (event.type === 'text' ? event.text : event.type))).toEqual([
      'a',
      'b',
      'tool_call',
      'c',
      'failed',
    ]);
  });

  it('tells whoever comes later the rest, from any place on, without a gap or a repetition', () => {
    const answer = 'The warranty lasts two years.';
    for (let after = 0; after <= answer.length; after++) {
      const { events, attach, clock } = createEvents();
      for (const character of answer.slice(0, 20)) {
        events.text(character);
        clock.advance(5);
      }
      const late = attach('late', after);
      for (const character of answer.slice(20)) events.text(character);
      events.completed(END);
      const atTheEnd = attach('at the end', after);
      for (const told of [late, atTheEnd]) {
        expect(told[0]).toEqual({ type: 'attached' });
        if (after <= 20) expect(textOf(told)).toBe(answer.slice(after));
        expect(told.at(-1)).toEqual({ type: 'completed', ...END });
      }
      expect(textOf(atTheEnd)).toBe(answer.slice(after));
    }
  });

  it('goes on within the arguments of a tool, whose name was told before', () => {
    const { events, attach } = createEvents();
    events.text('Hm ');
    events.toolCall(CALL);
    events.toolCall({ type: 'tool_call', index: 0, argumentsDelta: '1}' });
    const whole = attach('whole', 3);
    expect(whole.slice(1)).toEqual([{ ...CALL, argumentsDelta: '{"a":1}' }]);
    expect(attach('rest', 3 + 1 + 2).slice(1)).toEqual([
      { type: 'tool_call', index: 0, argumentsDelta: '"a":1}'.slice(1) },
    ]);
    expect(events.extent).toBe(3 + whole.slice(1).reduce((sum, event) => sum + extentOf(event), 0));
  });

  it('cuts what is told at once into pieces', () => {
    const { events, attach } = createEvents();
    events.text('x'.repeat(100_000));
    const told = attach('late', 0).slice(1);
    expect(told.length).toBeGreaterThan(5);
    expect(textOf(told)).toHaveLength(100_000);
  });

  it('tells steps of server tools between the texts, and each is a place of its own', () => {
    const { events, attach } = createEvents();
    const step = { type: 'server_tool', callId: 'c', tool: 'http', name: 'weather', state: 'started' } as const;
    events.text('Hm ');
    events.serverTool(step);
    events.text('sunny');
    expect(attach('whole', 0).slice(1)).toEqual([{ type: 'text', text: 'Hm ' }, step, { type: 'text', text: 'sunny' }]);
    expect(attach('rest', 4).slice(1)).toEqual([{ type: 'text', text: 'sunny' }]);
    expect(events.extent).toBe(3 + 1 + 5);
  });

  describe('without a listener', () => {
    it('goes on for the grace, and comes to an end when nobody came back', () => {
      const { events, clock, attach, deserted } = createEvents();
      events.leave('first');
      clock.advance(GRACE_MS - 1);
      attach('second', 0);
      clock.advance(2 * GRACE_MS);
      expect(deserted()).toBe(0);
      events.leave('second');
      events.leave('second');
      clock.advance(GRACE_MS);
      expect(deserted()).toBe(1);
    });

    it('notices that a listener is gone with its process', () => {
      const { clock, gone, told, deserted } = createEvents();
      clock.advance(3_000);
      gone['first']!();
      const before = told.length;
      clock.advance(GRACE_MS);
      expect(told).toHaveLength(before);
      expect(deserted()).toBe(1);
    });

    it('goes on to its end when it never had one', () => {
      const { clock, events, deserted } = createEvents({ hasListener: false, graceMs: null });
      clock.advance(10 * GRACE_MS);
      events.leave('nobody');
      clock.advance(10 * GRACE_MS);
      expect(deserted()).toBe(0);
    });
  });
});
