import { describe, expect, it } from '@jest/globals';
import { type VariantStatistics } from '@parley/contracts';
import { figuresOf, judge } from './rollout-gates.js';
import { DEFAULT_GATES, DEFAULT_STAGES, stagesFrom } from './rollout-plan.js';

const NONE: VariantStatistics = { completed: 0, cancelled: 0, failed: 0, interrupted: 0, answered: 0, firstTokenMs: 0 };

/** Runs with their average time to the first token. */
function some({ completed = 0, failed = 0, interrupted = 0, cancelled = 0, ms = 400 }): VariantStatistics {
  const answered = completed + cancelled;
  return { completed, failed, interrupted, cancelled, answered, firstTokenMs: answered * ms };
}

const STAGE = { percentage: 10, watchSeconds: 3_600 };
const judged = (stage: VariantStatistics, { recent = NONE, elapsedSeconds = 3_600 } = {}) =>
  judge(STAGE, DEFAULT_GATES, { stage, recent, elapsedSeconds });

describe('The gates of a rollout', () => {
  it.each([
    ['proceed', { completed: 100 }],
    ['proceed', { completed: 1_000, failed: 9 }],
    ['wait', { completed: 990, failed: 10 }],
    ['wait', { completed: 980, failed: 20 }],
    ['roll_back', { completed: 979, failed: 21 }],
    ['roll_back', { completed: 979, interrupted: 21 }],
    ['proceed', { completed: 100, cancelled: 900 }],
    ['wait', { completed: 99, cancelled: 900 }],
    ['proceed', { completed: 100, ms: 999 }],
    ['wait', { completed: 100, ms: 1_000 }],
    ['wait', { completed: 100, ms: 2_000 }],
    ['roll_back', { completed: 100, ms: 2_001 }],
  ])('say %s with %j after the whole time', (decision, runs) => {
    expect(judged(some(runs)).decision).toBe(decision);
  });

  it('wait for their time and for enough answers', () => {
    expect(judged(some({ completed: 5_000 }), { elapsedSeconds: 3_000 })).toEqual({
      ...{ decision: 'wait', reason: 'it is watched for another 600 s' },
    });
    expect(judged(some({ completed: 40 }))).toEqual({ decision: 'wait', reason: '40 of 100 answers have ended' });
    expect(judged(NONE, { elapsedSeconds: 1e6 }).decision).toBe('wait');
  });

  it('roll back as soon as no answer that is missing could save them, and not before', () => {
    expect(judged(some({ failed: 2 }), { elapsedSeconds: 1 }).decision).toBe('wait');
    expect(judged(some({ failed: 3 }), { elapsedSeconds: 1 })).toEqual({
      ...{ decision: 'roll_back', reason: '3 of 3 answers failed since the stage began' },
    });
    expect(judged(some({ completed: 1, ms: 60_000 }), { elapsedSeconds: 1 }).decision).toBe('wait');
    expect(judged(some({ completed: 5, ms: 60_000 }), { elapsedSeconds: 1 }).decision).toBe('roll_back');
  });

  it('see a fault that begins late in a stage that went well', () => {
    const stage = some({ completed: 5_000, failed: 5 });
    expect(judged(stage, { recent: some({ completed: 95, failed: 5 }) })).toEqual({
      ...{ decision: 'roll_back', reason: '5 of 100 answers failed recently' },
    });
    expect(judged(stage, { recent: some({ completed: 20, failed: 1 }) }).decision).toBe('wait');
    expect(judged(stage, { recent: some({ completed: 20 }) }).decision).toBe('proceed');
  });

  it('have a bound for successes of their own', () => {
    const gates = { ...DEFAULT_GATES, rollBack: { ...DEFAULT_GATES.rollBack, errorRate: 1 } };
    const of = (failed: number) =>
      judge(STAGE, gates, { stage: some({ completed: 100 - failed, failed }), recent: NONE, elapsedSeconds: 3_600 });
    expect(of(10).decision).toBe('wait');
    expect(of(11)).toEqual({ decision: 'roll_back', reason: '11 of 100 answers failed since the stage began' });
  });

  it('tell what they are based on', () => {
    expect(figuresOf(some({ completed: 97, failed: 2, interrupted: 1, cancelled: 7, ms: 500 }))).toEqual({
      ...{ runs: 100, errors: 3, error_rate: 0.03, success_rate: 0.97, first_token_ms: 500 },
    });
    expect(figuresOf(NONE)).toEqual({ runs: 0, errors: 0, error_rate: null, success_rate: null, first_token_ms: null });
  });
});

describe('The plan of a rollout', () => {
  it('takes eight stages in five days', () => {
    expect(DEFAULT_STAGES.map(({ percentage }) => percentage)).toEqual([1, 5, 10, 25, 50, 75, 90, 100]);
    const seconds = DEFAULT_STAGES.reduce((sum, { watchSeconds }) => sum + watchSeconds, 0);
    expect(seconds / 86_400).toBe(5);
  });

  it('begins above what is on already', () => {
    expect(stagesFrom(DEFAULT_STAGES, 25).map(({ percentage }) => percentage)).toEqual([50, 75, 90, 100]);
    expect(stagesFrom(DEFAULT_STAGES, 0)).toEqual(DEFAULT_STAGES);
    expect(stagesFrom(DEFAULT_STAGES, 100)).toEqual([]);
  });
});
