import { setTimeout as delay } from 'node:timers/promises';
import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { DomainError, type EvaluationLeg, type LegResult, serializeError } from '@parley/contracts';
import { counter } from '@parley/observability';
import { PeriodicTask } from '../jobs/periodic-task.js';
import { SearchService } from '../search/search.service.js';
import {
  type AnsweredQuestion,
  type EvaluationLease,
  EvaluationRunsRepository,
  type LegResults,
  type OpenQuestion,
} from './evaluation-runs.repository.js';
import { hitsOfLeg, isDegraded, legRequest } from './leg-search.js';
import { scoreSearch, summariseLeg } from './question-scores.js';

const INTERVAL_MS = 1_000;
/** Longer than the searches of one question may take. */
const LEASE_MS = 120_000;
const SEARCH_TIMEOUT_MS = 15_000;
const BATCH = 20;
/** Starts in a row that got no question answered. */
const MAX_ATTEMPTS = 5;
const PAUSE_MS = 5_000;
/** Half of the time belongs to the searches of people. */
const MAX_REST_MS = 250;

const evaluations = counter('parley_evaluations_total', 'Ends of evaluations', ['outcome']);

/**
 * Asks the questions of evaluations, one after the other and one evaluation at a time, resting as long as each question
 * took. What was asked is stored at once: after a death the next runner goes on where this one was.
 */
@Injectable()
export class EvaluationRunner implements OnApplicationBootstrap, OnModuleDestroy {
  readonly #logger = new Logger(EvaluationRunner.name);
  readonly #stopping = new AbortController();
  readonly #task = new PeriodicTask(EvaluationRunner.name, INTERVAL_MS, () => this.runDue());

  constructor(
    private readonly runs: EvaluationRunsRepository,
    private readonly search: SearchService,
  ) {}

  onApplicationBootstrap(): void {
    this.#task.start();
  }

  async onModuleDestroy(): Promise<void> {
    this.#stopping.abort(new DomainError('service_unavailable', 'The service is stopping.'));
    await this.#task.stop();
  }

  /** Works on due evaluations until there is none. */
  async runDue(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      const lease = await this.runs.claim(LEASE_MS);
      if (!lease) return;
      await this.#run(lease);
    }
  }

  async #run(lease: EvaluationLease): Promise<void> {
    try {
      if (!(await this.#askAll(lease))) return;
      await this.runs.complete(lease, summaryOf(lease.legs, await this.runs.answeredQuestions(lease)));
      evaluations.inc({ outcome: 'completed' });
    } catch (error) {
      await this.#giveBack(lease, error);
    }
  }

  /** @returns false when the evaluation is no longer ours */
  async #askAll(lease: EvaluationLease): Promise<boolean> {
    for (;;) {
      const questions = await this.runs.openQuestions(lease, BATCH);
      if (questions.length === 0) return true;
      for (const question of questions) {
        this.#stopping.signal.throwIfAborted();
        const startedAt = performance.now();
        const results = await this.#ask(lease, question);
        if (!(await this.runs.record(lease, question.ordinal, results, LEASE_MS))) return false;
        // The lease is young and the searches were done one by one: nobody waits for this but us.
        await delay(Math.min(MAX_REST_MS, performance.now() - startedAt), undefined, {
          signal: this.#stopping.signal,
        });
        lease.attempt = 1;
      }
    }
  }

  async #ask(lease: EvaluationLease, { question, expectation }: OpenQuestion): Promise<LegResults> {
    const results: Partial<Record<EvaluationLeg, LegResult>> = {};
    for (const leg of lease.legs) {
      const signal = AbortSignal.any([this.#stopping.signal, AbortSignal.timeout(SEARCH_TIMEOUT_MS)]);
      const startedAt = performance.now();
      const reply = await this.search.search(lease.tenant, legRequest(leg, lease.knowledgeBaseId, question), signal);
      const ms = performance.now() - startedAt;
      const scores = scoreSearch(hitsOfLeg(leg, reply), expectation, lease.k);
      results[leg] = { ...scores, ms, isDegraded: isDegraded(leg, reply) };
    }
    return results;
  }

  async #giveBack(lease: EvaluationLease, error: unknown): Promise<void> {
    const { evaluationId, attempt } = lease;
    if (this.#stopping.signal.aborted) return this.runs.handBack(lease, 0);
    this.#logger.warn({ msg: 'evaluation interrupted', evaluationId, attempt, err: error });
    if (attempt < MAX_ATTEMPTS) return this.runs.handBack(lease, PAUSE_MS * attempt);
    await this.runs.fail(lease, serializeError(error));
    evaluations.inc({ outcome: 'failed' });
  }
}

function summaryOf(legs: readonly EvaluationLeg[], questions: readonly AnsweredQuestion[]) {
  const ofLeg = (leg: EvaluationLeg) =>
    questions.flatMap(({ expectation, results }) => {
      const result = results[leg];
      return result ? [{ expectation, result }] : [];
    });
  return Object.fromEntries(legs.map((leg) => [leg, summariseLeg(ofLeg(leg))]));
}
