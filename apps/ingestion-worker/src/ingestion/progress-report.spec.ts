import { describe, expect, it } from '@jest/globals';
import { type Lease } from '@parley/knowledge';
import { ProgressReport } from './progress-report.js';

const lease = {} as Lease;

describe('ProgressReport', () => {
  it('writes one figure at a time, and leaves out those that come too soon', async () => {
    const written: (number | undefined)[] = [];
    const report = new ProgressReport(
      { heartbeat: async (_, progress) => void written.push(progress?.percent) },
      lease,
    );
    for (let percent = 1; percent <= 20; percent++) report.reached(percent);
    await report.settled();
    expect(written).toEqual([1]);
  });

  it('lets a write finish before anything else is said, and bears its failure', async () => {
    let fail: (error: Error) => void = () => undefined;
    const heartbeat = () => new Promise<void>((_, reject) => (fail = reject));
    const report = new ProgressReport({ heartbeat }, lease);
    report.reached(1);
    let isSettled = false;
    const settled = report.settled().then(() => (isSettled = true));
    expect(isSettled).toBe(false);
    fail(new Error('The database cannot be reached.'));
    await settled;
    expect(isSettled).toBe(true);
  });
});
