import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { watchMemory } from './memory-watch.js';

const MIB = 1024 * 1024;
const HELD_MIB = 150;

describe('watchMemory', () => {
  let child: ChildProcess;

  beforeAll(async () => {
    const script = `globalThis.held = Buffer.alloc(${HELD_MIB * MIB}, 1); console.log('held'); setInterval(() => {}, 1000);`;
    child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'ignore'] });
    await once(child.stdout!, 'data');
  });
  afterAll(() => {
    child?.kill('SIGKILL');
  });

  const exceeded = (maxBytes: number) => new Promise<void>((resolve) => watchMemory(child.pid!, maxBytes, resolve));

  it('tells once of a process that holds too much outside of its heap, and of no other, and nothing after its end', async () => {
    if (process.platform !== 'linux') return console.warn('skipped: this system does not tell what a process holds');
    const told: string[] = [];
    const watches = [
      watchMemory(child.pid!, HELD_MIB * MIB, () => told.push('over')),
      watchMemory(child.pid!, 20 * HELD_MIB * MIB, () => told.push('under')),
    ];
    watchMemory(child.pid!, MIB, () => told.push('ended'))();
    // Each takes a look of its own, later than those above.
    for (let look = 0; look < 3; look++) await exceeded(MIB);
    expect(told).toEqual(['over']);
    for (const end of watches) end();
  });

  it('is quiet about a process that is gone', async () => {
    const gone = spawn(process.execPath, ['-e', '']);
    await once(gone, 'exit');
    let isTold = false;
    const end = watchMemory(gone.pid!, 1, () => {
      isTold = true;
    });
    await exceeded(MIB);
    end();
    expect(isTold).toBe(false);
  });
});
