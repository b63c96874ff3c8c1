import { describe, expect, it } from '@jest/globals';
import { ManualClock } from '../fixtures/manual-clock.js';
import { Coalescer } from './coalescer.js';

function createCoalescer() {
  const clock = new ManualClock();
  const emitted: string[] = [];
  const coalescer = new Coalescer((text) => emitted.push(text), clock, { delayMs: 25, bytes: 10 });
  return { clock, emitted, coalescer };
}

describe('Coalescer', () => {
  it('lets the first token go at once', () => {
    const { coalescer, emitted } = createCoalescer();
    coalescer.push('Hi');
    expect(emitted).toEqual(['Hi']);
  });

  it('joins what follows within the delay', () => {
    const { coalescer, emitted, clock } = createCoalescer();
    for (const token of ['a', 'b', 'c']) coalescer.push(token);
    clock.advance(24);
    expect(emitted).toEqual(['a']);
    clock.advance(1);
    expect(emitted).toEqual(['a', 'bc']);
  });

  it('counts the delay from what went out last, so that a slow model waits for nothing', () => {
    const { coalescer, emitted, clock } = createCoalescer();
    coalescer.push('a');
    clock.advance(30);
    coalescer.push('b');
    expect(emitted).toEqual(['a', 'b']);
    expect(clock.waiting).toBe(0);
  });

  it('does not let much text wait, counted in bytes', () => {
    const { coalescer, emitted } = createCoalescer();
    coalescer.push('a');
    coalescer.push('ééééé');
    expect(emitted).toEqual(['a', 'ééééé']);
  });

  it('loses nothing when flushed and leaves no timer behind', () => {
    const { coalescer, emitted, clock } = createCoalescer();
    coalescer.push('a');
    coalescer.push('b');
    coalescer.flush();
    coalescer.flush();
    expect(emitted).toEqual(['a', 'b']);
    expect(clock.waiting).toBe(0);
  });

  it('forgets what waits when discarded', () => {
    const { coalescer, emitted, clock } = createCoalescer();
    coalescer.push('a');
    coalescer.push('b');
    coalescer.discard();
    clock.advance(100);
    expect(emitted).toEqual(['a']);
  });
});
