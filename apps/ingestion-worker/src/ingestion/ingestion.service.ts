import { hostname } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { Injectable, Logger } from '@nestjs/common';
import { DomainError } from '@parley/contracts';
import { type Failure, IngestionLedger, jobsFinished, type Lease, LeaseLostError } from '@parley/knowledge';
import { counter, currentSpan, histogram, reportError } from '@parley/observability';
import { Brake } from './brake.js';
import { failureOf } from './failure.js';
import { IngestionConfig } from './ingestion.config.js';
import { holdLease } from './lease-holder.js';
import { Pipeline } from './pipeline.js';
import { TracedJobs } from './traced-jobs.js';

const RECORD_AGAIN_MS = 500;

const attempts = counter('parley_ingestion_attempts_total', 'Ends of attempts at ingestion jobs', ['outcome']);
const duration = histogram('parley_ingestion_duration_seconds', 'Time of an attempt at an ingestion job', ['outcome']);

@Injectable()
export class IngestionService {
  readonly #logger = new Logger(IngestionService.name);
  readonly #worker = `${hostname()}:${process.pid}`;
  readonly #brake = new Brake();
  #claiming: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly ledger: IngestionLedger,
    private readonly pipeline: Pipeline,
    private readonly config: IngestionConfig,
    private readonly jobs: TracedJobs,
  ) {}

  /**
   * One attempt at the job whose turn it is, if there is one; woken up twice, a job is done once.
   * @param stop aborted when the app stops or the attempt takes too long, which its reason tells
   * @throws DomainError when the database is out of reach
   */
  async ingestNext(stop: AbortSignal): Promise<void> {
    if (!(await this.#brake.passed(stop))) return;
    const lease = await this.#claim(stop);
    if (lease === null) return;
    await this.jobs.run(lease, () => this.#work(lease, stop));
  }

  /** One after the other, because what this worker has in hand counts for what it may claim next. */
  #claim(stop: AbortSignal): Promise<Lease | null> {
    const { leaseMs } = this.config;
    const claim = this.#claiming.then(() =>
      stop.aborted ? null : this.ledger.claimNext({ leaseMs, worker: this.#worker }),
    );
    this.#claiming = claim.catch(() => undefined);
    return claim;
  }

  async #work(lease: Lease, stop: AbortSignal): Promise<void> {
    const startedAt = performance.now();
    const outcome = await this.#attempt(lease, stop, startedAt);
    if (outcome === 'postponed') this.#brake.outage();
    if (outcome === 'completed') {
      this.#brake.release();
      jobsFinished('completed');
    }
    currentSpan()?.set({ 'parley.outcome': outcome });
    attempts.inc({ outcome });
    duration.observe({ outcome }, (performance.now() - startedAt) / 1000);
  }

  async #attempt(lease: Lease, stop: AbortSignal, startedAt: number): Promise<string> {
    try {
      await holdLease(this.ledger, lease, stop, (signal) => this.pipeline.run(lease, signal));
      return 'completed';
    } catch (error) {
      if (error instanceof LeaseLostError) return 'lease_lost';
      if (stop.aborted && !isTimeout(stop.reason)) return this.#handBack(lease);
      const { failures, postponements, jobId, attempt } = lease;
      const { firstPauseMs, outagePatienceMs } = this.config;
      const circumstances = { failures, postponements, firstPauseMs, outagePatienceMs };
      const failure = failureOf(stop.aborted ? stop.reason : error, circumstances);
      if (failure.code === 'internal_error' && !(error instanceof DomainError)) {
        reportError(error, { app: 'ingestion-worker' });
      }
      const err = failure.retryInMs === undefined ? undefined : error;
      this.#logger.warn({ msg: 'ingestion failed', jobId, attempt, code: failure.code, err });
      return this.#record(lease, failure, { stop, startedAt });
    }
  }

  /** Free again at once: the sweeper of memory wakes another worker up. */
  async #handBack(lease: Lease): Promise<string> {
    return this.#unlessLost(async () => {
      await this.ledger.handBack(lease);
      return 'handed_back';
    });
  }

  /** Kept trying while the lease lasts: else a short outage of the database would leave the job to nobody until its end. */
  async #record(
    lease: Lease,
    failure: Failure,
    { stop, startedAt }: { stop: AbortSignal; startedAt: number },
  ): Promise<string> {
    const deadline = performance.now() + lease.leaseMs;
    for (;;) {
      try {
        const elapsedMs = performance.now() - startedAt;
        const outcome = await this.#unlessLost(() => this.ledger.fail(lease, failure, elapsedMs));
        if (outcome !== 'failed') return outcome;
        jobsFinished(failure.retryInMs === undefined ? 'failed' : 'dead_letter');
        return failure.code;
      } catch (error) {
        const isWorthTrying = error instanceof DomainError && performance.now() + RECORD_AGAIN_MS < deadline;
        if (!isWorthTrying || stop.aborted) throw error;
        await delay(RECORD_AGAIN_MS);
      }
    }
  }

  async #unlessLost(end: () => Promise<string>): Promise<string> {
    try {
      return await end();
    } catch (error) {
      if (error instanceof LeaseLostError) return 'lease_lost';
      throw error;
    }
  }
}

function isTimeout(reason: unknown): boolean {
  return reason instanceof DomainError && reason.code === 'timeout';
}
