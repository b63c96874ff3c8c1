import { Logger } from '@nestjs/common';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '@parley/testing';
import { PeriodicTask } from './periodic-task.js';

describe('PeriodicTask', () => {
  beforeAll(() => Logger.overrideLogger(false));

  it('goes on after a failure, one turn at a time, until it is stopped', async () => {
    let turns = 0;
    let atOnce = 0;
    const task = new PeriodicTask('Task', 1, async () => {
      turns += 1;
      atOnce += 1;
      expect(atOnce).toBe(1);
      await new Promise((resolve) => setImmediate(resolve));
      atOnce -= 1;
      if (turns === 2) throw new Error('once');
    });
    task.start();
    await eventually(() => expect(turns).toBeGreaterThan(4));
    await task.stop();
    const before = turns;
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect([turns, atOnce]).toEqual([before, 0]);
  });

  it('waits for the turn under way when it is stopped', async () => {
    const work = Promise.withResolvers<void>();
    let isWorking = false;
    const task = new PeriodicTask('Task', 1, () => {
      isWorking = true;
      return work.promise.finally(() => (isWorking = false));
    });
    task.start();
    await eventually(() => expect(isWorking).toBe(true));
    const stopped = task.stop();
    work.resolve();
    await stopped;
    expect(isWorking).toBe(false);
  });
});
