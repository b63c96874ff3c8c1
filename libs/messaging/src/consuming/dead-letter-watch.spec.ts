import { describe, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { metricValue } from '@parley/testing';
import { DeadLetterWatch } from './dead-letter-watch.js';

Logger.overrideLogger(false);

const told = (queue: string) => metricValue('parley_dead_letters', { queue });

describe('The watch over dead letters', () => {
  it('tells how many there are of each queue, and the last figure while the broker is away', async () => {
    let counts: Record<string, number> | null = { 'parley.a.dead': 2, 'parley.b.dead': 0 };
    const watch = new DeadLetterWatch(['parley.a', 'parley.b'], async (queue) => {
      if (!counts) throw new Error('away');
      return counts[queue]!;
    });
    await watch.measure();
    expect([await told('parley.a.dead'), await told('parley.b.dead')]).toEqual([2, 0]);
    counts = null;
    await watch.measure();
    expect(await told('parley.a.dead')).toBe(2);
  });

  it('asks once at a time', async () => {
    const asked = Promise.withResolvers<number>();
    let questions = 0;
    const watch = new DeadLetterWatch(['parley.c'], () => ((questions += 1), asked.promise));
    const first = watch.measure();
    await watch.measure();
    asked.resolve(1);
    await first;
    expect(questions).toBe(1);
  });
});
