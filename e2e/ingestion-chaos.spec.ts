import { expect, it, jest } from '@jest/globals';
import { describeWithPrivateServers } from '@parley/testing';
import { runChaos } from './support/chaos/chaos-run.js';
import { faultsOf } from './support/chaos/chaos-verdict.js';

jest.setTimeout(300_000);

/** The same as `npm run bench -- chaos`, short. */
describeWithPrivateServers('ingestion while everything is killed in turn', () => {
  it('completes each document once or fails with a reason, and ends with the chunks of an ingestion in peace', async () => {
    const report = await runChaos({ documents: 24, workers: 2, rounds: 1, timeoutMs: 120_000, log: () => undefined });
    const { kills, undisturbed, disturbed, logs } = report;
    const faults = faultsOf(report);
    expect({ faults, logs: faults.length === 0 ? '' : logs }).toEqual({ faults: [], logs: '' });
    expect(kills.map(({ victim }) => victim)).toEqual(['worker', 'memory', 'broker', 'postgres']);
    expect(disturbed.statistics).toEqual(undisturbed.statistics);
    expect(disturbed.statistics.chunks).toBeGreaterThan(24);
    const failed = disturbed.outcomes.filter(({ status }) => status === 'failed').map(({ errorCode }) => errorCode);
    expect(failed.toSorted()).toEqual(['corrupt', 'no_text']);
  });
});
