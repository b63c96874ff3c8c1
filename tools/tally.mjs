/** Counts of a test run, added up file by file so that they also stand when Jest dies on the way. */
export class Tally {
  passed = 0;
  failed = 0;
  skipped = 0;

  add({ passed, failed, skipped }) {
    this.passed += passed;
    this.failed += failed;
    this.skipped += skipped;
  }

  /** A run that failed as a whole, or ran nothing, must not read as if all was well: it counts as a failure itself. */
  conclude(exitCode) {
    if (this.failed === 0 && (exitCode !== 0 || this.passed === 0)) this.failed = 1;
  }

  get isGreen() {
    return this.failed === 0 && this.passed > 0;
  }

  /** The last line of `npm test`. */
  toString() {
    const skipped = this.skipped > 0 ? `, ${this.skipped} skipped` : '';
    return `${this.passed} passed, ${this.failed} failed${skipped}`;
  }
}

/** Counts of one test file; a file that could not be run at all counts as one failed test. */
export function countsOf({ numPassingTests, numFailingTests, numPendingTests, numTodoTests, testExecError }) {
  const failedToRun = testExecError !== undefined && testExecError !== null && numFailingTests === 0;
  return {
    passed: numPassingTests,
    failed: numFailingTests + (failedToRun ? 1 : 0),
    skipped: numPendingTests + numTodoTests,
  };
}
