export interface Stage {
  /** Of users. */
  percentage: number;
  /** How long it is watched before the next one, at least. */
  watchSeconds: number;
}

/** A share, or a time in milliseconds. */
export interface Bounds {
  errorRate: number;
  successRate: number;
  /** On average. */
  firstTokenMs: number;
}

export interface Gates {
  /** Answers of users with the feature on that a stage needs before it can go on; those that somebody cancelled do not count. */
  minRuns: number;
  /** The recent past, which is judged beside the whole stage so that a fault is not hidden by what went well before. */
  windowSeconds: number;
  /** On this side of all of them the next stage begins. */
  proceed: Bounds;
  /** On the other side of one of them nobody has the feature any more. */
  rollBack: Bounds;
}

const HOUR = 3_600;

/** Five days: 1 % and 5 % for some hours, then most of a day each. */
export const DEFAULT_STAGES: readonly Stage[] = [
  { percentage: 1, watchSeconds: 2 * HOUR },
  { percentage: 5, watchSeconds: 4 * HOUR },
  { percentage: 10, watchSeconds: 12 * HOUR },
  { percentage: 25, watchSeconds: 24 * HOUR },
  { percentage: 50, watchSeconds: 24 * HOUR },
  { percentage: 75, watchSeconds: 24 * HOUR },
  { percentage: 90, watchSeconds: 24 * HOUR },
  { percentage: 100, watchSeconds: 6 * HOUR },
];

export const DEFAULT_GATES: Gates = {
  minRuns: 100,
  windowSeconds: 600,
  proceed: { errorRate: 0.01, successRate: 0.95, firstTokenMs: 1_000 },
  rollBack: { errorRate: 0.02, successRate: 0.9, firstTokenMs: 2_000 },
};

/** The stages that a flag has before it: a rollout takes nobody out. */
export function stagesFrom(stages: readonly Stage[], percentage: number): Stage[] {
  return stages.filter((stage) => stage.percentage > percentage);
}
