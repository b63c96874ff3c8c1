import { describe, expect, it } from '@jest/globals';
import { processorTimeMs } from './processor-time.js';

const isTold = process.platform === 'linux';

describe('processorTimeMs', () => {
  (isTold ? it : it.skip)('is about what the process itself says', () => {
    const { user, system } = process.cpuUsage();
    const told = processorTimeMs(process.pid)!;
    expect(Math.abs(told - (user + system) / 1_000)).toBeLessThan(500);
  });

  it('is not told of a process that is not there', () => {
    expect(processorTimeMs(2 ** 30)).toBeUndefined();
  });
});
