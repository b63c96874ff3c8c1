import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { type VariantSample, variantOf, type VariantStatistics } from '@parley/contracts';
import { counter } from '@parley/observability';
import { StatisticsService } from '../statistics/statistics.service.js';
import { FeatureFlagsConfig } from './feature-flags.config.js';
import { FlagValues } from './flag-values.js';
import { figuresOf, judge, type Verdict } from './rollout-gates.js';
import { type DueRollout, RolloutsRepository, type RolloutVerdict, type Transition } from './rollouts.repository.js';

/** In one turn; the rest has its turn later. */
const MAX_PER_TURN = 20;

const decisions = counter('parley_rollout_decisions_total', 'Stages of rollouts that went on, and rollbacks', [
  'outcome',
]);

/**
 * Judges rollouts and takes them further. Every gateway has one: a rollout is judged by whichever claims its turn, and what
 * is decided counts only where the rollout still is what was judged. One that dies after the claim is followed by another
 * at the next turn.
 */
@Injectable()
export class RolloutRunner implements OnApplicationBootstrap, OnModuleDestroy {
  readonly #logger = new Logger(RolloutRunner.name);
  #timer: NodeJS.Timeout | undefined;
  #isStopped = false;

  constructor(
    private readonly rollouts: RolloutsRepository,
    private readonly statistics: StatisticsService,
    private readonly values: FlagValues,
    private readonly config: FeatureFlagsConfig,
  ) {}

  onApplicationBootstrap(): void {
    this.#schedule();
  }

  onModuleDestroy(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
  }

  /** Never rejects: what could not be judged has its turn again. */
  async turn(): Promise<void> {
    try {
      for (let count = 0; count < MAX_PER_TURN && !this.#isStopped; count++) {
        const due = await this.rollouts.claimDue(this.config.rolloutCheckMs);
        if (!due) return;
        await this.#judge(due);
      }
    } catch (error) {
      this.#logger.warn(`A rollout stays as it is: ${(error as Error).message}`);
    }
  }

  async #judge(due: DueRollout): Promise<void> {
    const { feature, stages, stage, gates, stageBeganAt, now } = due;
    const recently = new Date(Math.max(stageBeganAt.getTime(), now.getTime() - gates.windowSeconds * 1_000));
    const samples = [
      sample(feature, true, stageBeganAt),
      sample(feature, true, recently),
      sample(feature, false, stageBeganAt),
    ];
    const [on, recent, off] = (await this.statistics.variants(samples)) as Three<VariantStatistics>;
    const elapsedSeconds = (now.getTime() - stageBeganAt.getTime()) / 1_000;
    const verdict = judge(stages[stage]!, gates, { stage: on, recent, elapsedSeconds });
    const figures = { on: figuresOf(on), on_recently: figuresOf(recent), off: figuresOf(off) };
    await this.#decide(due, { ...verdict, judged_at: now.toISOString(), figures });
  }

  async #decide(due: DueRollout, verdict: RolloutVerdict): Promise<void> {
    const next = transition(due, verdict);
    const isDecided = await this.rollouts.decide(due, verdict, next);
    if (!next || !isDecided) return;
    decisions.inc({ outcome: next.cause });
    const what = `Rollout of ${due.feature}: ${next.cause}, ${next.percentage} % from now on: ${verdict.reason}.`;
    if (next.cause === 'rolled_back') this.#logger.error(what);
    else this.#logger.log(what);
    await this.values.refresh();
  }

  #schedule(): void {
    const next = () => void this.turn().finally(() => this.#isStopped || this.#schedule());
    this.#timer = setTimeout(next, this.config.rolloutCheckMs).unref();
  }
}

type Three<T> = [T, T, T];

function sample(feature: string, isOn: boolean, since: Date): VariantSample {
  return { variant: variantOf(feature, isOn), since: since.toISOString() };
}

/** Null: nothing changes. */
function transition({ stages, stage }: DueRollout, { decision }: Verdict): Transition | null {
  if (decision === 'wait') return null;
  if (decision === 'roll_back') return { state: 'rolled_back', stage, percentage: 0, cause: 'rolled_back' };
  const next = stages[stage + 1];
  if (next) return { state: 'running', stage: stage + 1, percentage: next.percentage, cause: 'promoted' };
  return { state: 'completed', stage, percentage: stages[stage]!.percentage, cause: 'completed' };
}
