import { describe, expect, it } from '@jest/globals';
import { type RunEvent } from '@parley/contracts';
import { ManualClock } from '../fixtures/manual-clock.js';
import { RunEvents } from './run-events.js';

function createEvents() {
  const clock = new ManualClock();
  const told: RunEvent[] = [];
  const record = (event?: RunEvent) => {
    if (event) told.push(event);
    return true;
  };
  return { clock, told, events: new RunEvents({ write: record, end: record }, clock) };
}

const USAGE = {
  promptTokens: 1,
  completionTokens: 1,
  totalTokens: 2,
  cachedTokens: 0,
  reasoningTokens: 0,
  estimated: false,
};

describe('RunEvents', () => {
  it('tells that the run is alive while nothing is said, and stops at its end', () => {
    const { events, clock, told } = createEvents();
    clock.advance(11_000);
    expect(told).toEqual([{ type: 'heartbeat' }, { type: 'heartbeat' }]);
    events.completed({ finishReason: 'stop', usage: USAGE, annotations: [] });
    clock.advance(60_000);
    expect(told).toHaveLength(3);
    expect(clock.waiting).toBe(0);
  });

  it('needs no heartbeat while text flows', () => {
    const { events, clock, told } = createEvents();
    for (let second = 0; second < 20; second++) {
      events.text('x');
      clock.advance(1_000);
    }
    expect(told.every(({ type }) => type === 'text')).toBe(true);
  });

  it('keeps text before the call of a tool, and before the end', () => {
    const { events, told } = createEvents();
    events.text('a');
    events.text('b');
    events.toolCall({ type: 'tool_call', index: 0, id: 'call_1', name: 'f', argumentsDelta: '{}' });
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
});
