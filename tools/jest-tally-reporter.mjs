import { countsOf } from './tally.mjs';

/** Tells the process that started Jest how each test file ended, and when the last one has. */
export default class TallyReporter {
  onTestResult(_test, result) {
    process.send?.({ counts: countsOf(result) });
  }

  onRunComplete() {
    process.send?.({ isComplete: true });
  }
}
