import { Injectable, Logger } from '@nestjs/common';
import { DomainError, serializeError, type TenantContext } from '@parley/contracts';
import { MigrationLedger, type MigrationLease, MigrationLostError } from '@parley/knowledge';
import { counter } from '@parley/observability';
import { EmbeddingError, isFinal, pauseMs } from '../ingestion/failure.js';
import { IngestionConfig } from '../ingestion/ingestion.config.js';
import { holdLease } from '../ingestion/lease-holder.js';
import { SpaceFiller } from './space-filler.js';

/** Before a model is asked again that had refused for good, for a space to which the search can be switched back. */
const REFUSED_PAUSE_MS = 300_000;

const attempts = counter('parley_embedding_migration_attempts_total', 'Ends of attempts at embedding migrations', [
  'outcome',
]);

@Injectable()
export class EmbeddingMigrationsService {
  readonly #logger = new Logger(EmbeddingMigrationsService.name);

  constructor(
    private readonly ledger: MigrationLedger,
    private readonly filler: SpaceFiller,
    private readonly config: IngestionConfig,
  ) {}

  /**
   * One attempt at what a migration has to do; announced twice it is done once. Whatever becomes of it is in its row.
   * @param stop aborted when the app stops or the attempt takes too long: another attempt goes on from there
   * @throws DomainError when the database is out of reach
   */
  async move(tenant: TenantContext, migrationId: string, stop: AbortSignal): Promise<void> {
    const claim = await this.ledger.claim(tenant, migrationId, { leaseMs: this.config.leaseMs });
    if (claim.outcome !== 'claimed') return;
    attempts.inc({ outcome: await this.#attempt(claim.lease, stop) });
  }

  async #attempt(lease: MigrationLease, stop: AbortSignal): Promise<string> {
    try {
      await holdLease(this.ledger, lease, stop, (signal) => this.filler.run(lease, signal), MigrationLostError);
      return 'done';
    } catch (error) {
      if (error instanceof MigrationLostError) return 'lease_lost';
      return this.#end(lease, stop, error).catch((reason: unknown) => {
        if (reason instanceof MigrationLostError) return 'lease_lost';
        throw reason;
      });
    }
  }

  async #end(lease: MigrationLease, stop: AbortSignal, error: unknown): Promise<string> {
    if (stop.aborted) {
      await this.ledger.release(lease, new Date());
      return 'handed_back';
    }
    const failure = error instanceof EmbeddingError ? error.cause : error;
    const { code, message } = serializeError(failure);
    this.#logger.warn({ msg: 'embedding migration failed', migrationId: lease.migrationId, code, err: error });
    const isRefused = error instanceof EmbeddingError && isFinal(error);
    if (isRefused && lease.status === 'filling') {
      await this.ledger.fail(lease, { code, message });
      return 'failed';
    }
    const wishMs = failure instanceof DomainError ? (failure.retryAfterMs ?? 0) : 0;
    const backoffMs = pauseMs(lease.failures, this.config);
    const waitMs = isRefused ? REFUSED_PAUSE_MS : Math.max(wishMs, backoffMs);
    await this.ledger.release(lease, new Date(Date.now() + waitMs), { code, message });
    return 'retried';
  }
}
