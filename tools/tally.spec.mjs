import { describe, expect, it } from '@jest/globals';
import { countsOf, Tally } from './tally.mjs';

const file = (numPassingTests, numFailingTests = 0, rest = {}) => ({
  numPassingTests,
  numFailingTests,
  numPendingTests: 0,
  numTodoTests: 0,
  ...rest,
});

describe('the last line of a test run', () => {
  const lineOf = (...files) => {
    const tally = new Tally();
    for (const result of files) tally.add(countsOf(result));
    return `${tally}`;
  };

  it('sums the files and names skipped tests only when there are some', () => {
    expect(lineOf(file(3), file(4, 1))).toBe('7 passed, 1 failed');
    expect(lineOf(file(3, 0, { numPendingTests: 2, numTodoTests: 1 }))).toBe('3 passed, 0 failed, 3 skipped');
    expect(lineOf()).toBe('0 passed, 0 failed');
  });

  it('counts a file that could not be run as a failure', () => {
    expect(lineOf(file(2), file(0, 0, { testExecError: { message: 'syntax' } }))).toBe('2 passed, 1 failed');
  });

  it('tells of a failure when the run as a whole failed or ran nothing', () => {
    const conclude = (counts, exitCode) => {
      const tally = Object.assign(new Tally(), counts);
      tally.conclude(exitCode);
      return [`${tally}`, tally.isGreen];
    };
    expect(conclude({ passed: 2 }, 0)).toEqual(['2 passed, 0 failed', true]);
    expect(conclude({ passed: 2 }, 137)).toEqual(['2 passed, 1 failed', false]);
    expect(conclude({ passed: 2, failed: 3 }, 1)).toEqual(['2 passed, 3 failed', false]);
    expect(conclude({}, 0)).toEqual(['0 passed, 1 failed', false]);
  });
});
