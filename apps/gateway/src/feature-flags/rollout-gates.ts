import { type VariantStatistics } from '@parley/contracts';
import { type Bounds, type Gates, type Stage } from './rollout-plan.js';

/** How the runs of one variant fared. */
export interface Figures {
  /** Ended, without those that somebody cancelled. */
  runs: number;
  errors: number;
  /** Null without runs. */
  error_rate: number | null;
  success_rate: number | null;
  /** On average; null without an answer. */
  first_token_ms: number | null;
}

export interface Observation {
  /** Users with the feature on, since the stage began. */
  stage: VariantStatistics;
  /** The same in the recent past. */
  recent: VariantStatistics;
  elapsedSeconds: number;
}

export interface Verdict {
  decision: 'proceed' | 'wait' | 'roll_back';
  reason: string;
}

/** What becomes of a stage. A rollback needs no waiting, and no more runs than make it certain. */
export function judge({ watchSeconds }: Stage, gates: Gates, { stage, recent, elapsedSeconds }: Observation): Verdict {
  const breach = breached(stage, gates, 'since the stage began') ?? breached(recent, gates, 'recently');
  if (breach) return { decision: 'roll_back', reason: breach };
  const { runs } = figuresOf(stage);
  if (runs < gates.minRuns) return wait(`${runs} of ${gates.minRuns} answers have ended`);
  if (elapsedSeconds < watchSeconds)
    return wait(`it is watched for another ${Math.ceil(watchSeconds - elapsedSeconds)} s`);
  const doubt = doubtful(stage, gates.proceed, 'since the stage began') ?? doubtful(recent, gates.proceed, 'recently');
  return doubt ? wait(doubt) : { decision: 'proceed', reason: `${runs} answers, all gates passed` };
}

export function figuresOf({ completed, failed, interrupted, answered, firstTokenMs }: VariantStatistics): Figures {
  const errors = failed + interrupted;
  const runs = completed + errors;
  return {
    runs,
    errors,
    error_rate: runs === 0 ? null : rounded(errors / runs),
    success_rate: runs === 0 ? null : rounded(completed / runs),
    first_token_ms: answered === 0 ? null : Math.round(firstTokenMs / answered),
  };
}

/** Counts as if the answers that are still missing for a fair sample had gone well, and at once. */
function breached(statistics: VariantStatistics, { minRuns, rollBack }: Gates, when: string): string | null {
  const { runs, errors } = figuresOf(statistics);
  const least = errors / Math.max(runs, minRuns);
  if (least > rollBack.errorRate) return tooMany(errors, runs, when);
  if (1 - least < rollBack.successRate) return tooMany(errors, runs, when);
  const { answered, firstTokenMs } = statistics;
  if (firstTokenMs / Math.max(answered, minRuns) <= rollBack.firstTokenMs) return null;
  return `first tokens took ${Math.round(firstTokenMs / answered)} ms on average ${when}, above ${rollBack.firstTokenMs} ms`;
}

function doubtful(statistics: VariantStatistics, proceed: Bounds, when: string): string | null {
  const { runs, errors, error_rate, success_rate, first_token_ms } = figuresOf(statistics);
  if ((error_rate ?? 0) >= proceed.errorRate) return tooMany(errors, runs, when);
  if ((success_rate ?? 1) <= proceed.successRate) return tooMany(errors, runs, when);
  if ((first_token_ms ?? 0) < proceed.firstTokenMs) return null;
  return `first tokens take ${first_token_ms} ms on average ${when}, not less than ${proceed.firstTokenMs} ms`;
}

const tooMany = (errors: number, runs: number, when: string) => `${errors} of ${runs} answers failed ${when}`;

const wait = (reason: string): Verdict => ({ decision: 'wait', reason });

const rounded = (share: number) => Number(share.toFixed(4));
