import { setTimeout as delay } from 'node:timers/promises';
import { Injectable, Logger } from '@nestjs/common';
import { DomainError, type TenantContext } from '@parley/contracts';
import { type Failure, IngestionLedger, type Lease, LeaseLostError } from '@parley/knowledge';
import { counter, histogram } from '@parley/observability';
import { failureOf } from './failure.js';
import { IngestionConfig } from './ingestion.config.js';
import { holdLease } from './lease-holder.js';
import { Pipeline } from './pipeline.js';

const RECORD_AGAIN_MS = 500;

const jobs = counter('parley_ingestion_jobs_total', 'Ends of attempts at ingestion jobs', ['outcome']);
const duration = histogram('parley_ingestion_duration_seconds', 'Time of an attempt at an ingestion job', ['outcome']);

@Injectable()
export class IngestionService {
  readonly #logger = new Logger(IngestionService.name);

  constructor(
    private readonly ledger: IngestionLedger,
    private readonly pipeline: Pipeline,
    private readonly config: IngestionConfig,
  ) {}

  /**
   * One attempt at a job; delivered twice it is done once. A job that another worker has is left to it: should that worker
   * die, the job is announced again.
   * @param stop aborted when the app stops or the attempt takes too long, which its reason tells
   * @throws DomainError when the database is out of reach
   */
  async ingest(tenant: TenantContext, jobId: string, stop: AbortSignal): Promise<void> {
    const claim = await this.ledger.claim(tenant, jobId, { leaseMs: this.config.leaseMs });
    if (claim.outcome !== 'claimed') return;
    const startedAt = performance.now();
    const outcome = await this.#attempt(claim.lease, stop);
    jobs.inc({ outcome });
    duration.observe({ outcome }, (performance.now() - startedAt) / 1000);
  }

  async #attempt(lease: Lease, stop: AbortSignal): Promise<string> {
    try {
      await holdLease(this.ledger, lease, stop, (signal) => this.pipeline.run(lease, signal));
      return 'completed';
    } catch (error) {
      if (error instanceof LeaseLostError) return 'lease_lost';
      if (stop.aborted && !isTimeout(stop.reason)) return this.#handBack(lease);
      const failure = failureOf(stop.aborted ? stop.reason : error, {
        number: lease.attempt,
        firstPauseMs: this.config.firstPauseMs,
      });
      const { jobId, attempt } = lease;
      const err = failure.retryAt ? error : undefined;
      this.#logger.warn({ msg: 'ingestion failed', jobId, attempt, code: failure.code, err });
      return this.#record(lease, failure, stop);
    }
  }

  /** Free again at once: the sweeper of memory announces it to the other workers. */
  async #handBack(lease: Lease): Promise<string> {
    const message = 'The worker was stopped before it had finished.';
    const outcome = await this.#fail(lease, { code: 'internal_error', message, retryAt: new Date() });
    return outcome === 'retried' ? 'handed_back' : outcome;
  }

  /** Kept trying while the lease lasts: else a short outage of the database would leave the job to nobody until its end. */
  async #record(lease: Lease, failure: Failure, stop: AbortSignal): Promise<string> {
    const deadline = performance.now() + lease.leaseMs;
    for (;;) {
      try {
        return await this.#fail(lease, failure);
      } catch (error) {
        const isWorthTrying = error instanceof DomainError && performance.now() + RECORD_AGAIN_MS < deadline;
        if (!isWorthTrying || stop.aborted) throw error;
        await delay(RECORD_AGAIN_MS);
      }
    }
  }

  async #fail(lease: Lease, failure: Failure): Promise<string> {
    try {
      return (await this.ledger.fail(lease, failure)) === 'queued' ? 'retried' : failure.code;
    } catch (error) {
      if (error instanceof LeaseLostError) return 'lease_lost';
      throw error;
    }
  }
}

function isTimeout(reason: unknown): boolean {
  return reason instanceof DomainError && reason.code === 'timeout';
}
