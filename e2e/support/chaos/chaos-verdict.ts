import { type ChaosReport } from './chaos-run.js';
import { type Outcome } from './chaos-state.js';

/** Everything that is not as in peace; empty when nothing was lost, done twice or left behind. */
export function faultsOf({ undisturbed, disturbed, leftovers }: ChaosReport): string[] {
  const faults: string[] = [];
  for (const [index, before] of undisturbed.outcomes.entries()) {
    const after = disturbed.outcomes[index]!;
    if (isLost(before, after)) faults.push(`document ${index}: ${describe(before)} became ${describe(after)}`);
  }
  const hasGivenUp = disturbed.outcomes.some((after, index) => after.status !== undisturbed.outcomes[index]!.status);
  // What was given up on, with a reason, is not counted; all else has to be the same.
  if (!hasGivenUp) {
    for (const [name, value] of Object.entries(undisturbed.statistics)) {
      const now = disturbed.statistics[name as keyof typeof disturbed.statistics];
      if (now !== value) faults.push(`${name}: ${value} in peace, ${now} under fire`);
    }
  }
  for (const [name, left] of Object.entries(leftovers) as [string, number | string[]][]) {
    const count = Array.isArray(left) ? left.length : left;
    if (count > 0) faults.push(`left behind: ${name}: ${Array.isArray(left) ? left.join(', ') : left}`);
  }
  return faults;
}

function isLost(before: Outcome, after: Outcome): boolean {
  if (after.jobs !== 1) return true;
  if (after.status === 'failed') return after.errorCode === null || after.chunks > 0 || after.vectors > 0;
  const { attempt: _before, ...expected } = before;
  const { attempt: _after, ...actual } = after;
  return JSON.stringify(actual) !== JSON.stringify(expected);
}

function describe({ status, errorCode, jobs, chunks, vectors, textHash }: Outcome): string {
  return `${status} (${errorCode ?? 'no error'}, ${jobs} jobs, ${chunks} chunks, ${vectors} vectors, ${textHash})`;
}
