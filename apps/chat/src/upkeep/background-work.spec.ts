import { describe, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { eventually } from '@parley/testing';
import { BackgroundWork } from './background-work.js';

Logger.overrideLogger(false);

describe('BackgroundWork', () => {
  it('does a few things at once, and goes on when one fails', async () => {
    const work = new BackgroundWork();
    const gates = Array.from({ length: 6 }, () => Promise.withResolvers<void>());
    const begun: number[] = [];
    for (const [index, { promise }] of gates.entries()) {
      work.add('some work', () => {
        begun.push(index);
        return promise;
      });
    }
    expect(begun).toEqual([0, 1, 2, 3]);
    gates[1]!.reject(new Error('as the spec wants it'));
    await eventually(() => expect(begun).toEqual([0, 1, 2, 3, 4]));
    for (const { resolve } of gates) resolve();
    await eventually(() => expect(begun).toHaveLength(6));
  });

  it('drops what would have to wait for long', async () => {
    const work = new BackgroundWork();
    const gate = Promise.withResolvers<void>();
    let begun = 0;
    for (let count = 0; count < 200; count++) {
      work.add('some work', () => {
        begun += 1;
        return gate.promise;
      });
    }
    gate.resolve();
    await eventually(() => expect(begun).toBe(104));
  });

  it('tells what it does to stop, and begins nothing more', async () => {
    const work = new BackgroundWork();
    const reasons: unknown[] = [];
    const task = (signal: AbortSignal) =>
      new Promise<void>((resolve) =>
        signal.addEventListener('abort', () => {
          reasons.push((signal.reason as Error).message);
          resolve();
        }),
      );
    for (let count = 0; count < 5; count++) work.add('some work', task);
    await work.beforeApplicationShutdown();
    work.add('some work', task);
    expect(reasons).toEqual(Array(4).fill('The service is stopping.'));
  });
});
