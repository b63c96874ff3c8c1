import { describe, expect, it } from '@jest/globals';
import { ManualClock } from '../fixtures/manual-clock.js';
import { Checkpoint } from './checkpoint.js';

function createCheckpoint() {
  const clock = new ManualClock();
  const saves: { text: string; settle: PromiseWithResolvers<void> }[] = [];
  const save = (text: string) => {
    const settle = Promise.withResolvers<void>();
    saves.push({ text, settle });
    return settle.promise;
  };
  const checkpoint = new Checkpoint(save, clock, 500);
  return { clock, saves, checkpoint };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

describe('Checkpoint', () => {
  it('saves what was written within the delay in one write', () => {
    const { checkpoint, clock, saves } = createCheckpoint();
    checkpoint.update('a');
    checkpoint.update('ab');
    expect(saves).toHaveLength(0);
    clock.advance(500);
    expect(saves.map(({ text }) => text)).toEqual(['ab']);
  });

  it('saves at once what is more than text, also where there is no text', async () => {
    const { checkpoint, saves } = createCheckpoint();
    checkpoint.touch();
    checkpoint.update('abc');
    checkpoint.touch();
    expect(saves.map(({ text }) => text)).toEqual(['']);
    saves[0]!.settle.resolve();
    await settled();
    expect(saves.map(({ text }) => text)).toEqual(['', 'abc']);
    saves[1]!.settle.resolve();
    await settled();
    expect(saves).toHaveLength(2);
  });

  it('has one write under way at most, and then saves the newest text', async () => {
    const { checkpoint, clock, saves } = createCheckpoint();
    checkpoint.update('0123456789');
    clock.advance(500);
    checkpoint.update('0123456789 0123456789');
    checkpoint.update('0123456789 0123456789 0123456789');
    clock.advance(2_000);
    expect(saves).toHaveLength(1);
    saves[0]!.settle.resolve();
    await settled();
    clock.advance(500);
    expect(saves[1]?.text).toBe('0123456789 0123456789 0123456789');
  });

  it('tries again after a failed write, but not at once', async () => {
    const { checkpoint, clock, saves } = createCheckpoint();
    checkpoint.update('0123456789');
    clock.advance(500);
    saves[0]!.settle.reject(new Error('database down'));
    await settled();
    expect(saves).toHaveLength(1);
    clock.advance(500);
    expect(saves).toHaveLength(2);
  });

  it('stops after the write under way, and saves nothing more', async () => {
    const { checkpoint, clock, saves } = createCheckpoint();
    checkpoint.update('0123456789');
    clock.advance(500);
    let isStopped = false;
    const stopped = checkpoint.stop().then(() => (isStopped = true));
    checkpoint.update('0123456789 0123456789');
    await settled();
    expect(isStopped).toBe(false);
    saves[0]!.settle.resolve();
    await stopped;
    clock.advance(2_000);
    expect(saves).toHaveLength(1);
    expect(clock.waiting).toBe(0);
  });
});
