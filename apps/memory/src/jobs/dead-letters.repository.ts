import { Injectable } from '@nestjs/common';
import {
  type DeadLetterDetails,
  type DeadLetterView,
  type IngestionAttemptView,
  type IngestionErrorCode,
  type ListDeadLettersRequest,
  type Page,
  type SettleDeadLettersReply,
  type SettleDeadLettersRequest,
  type TenantContext,
} from '@parley/contracts';
import { Database } from '@parley/persistence';
import { findJob, listJobs, withIsoTimes } from './job-rows.repository.js';

const MAX_REMAINING = 10_000;

interface AttemptRow extends Omit<IngestionAttemptView, 'error'> {
  errorCode: IngestionErrorCode | null;
  errorMessage: string | null;
}

@Injectable()
export class DeadLettersRepository {
  constructor(private readonly database: Database) {}

  /** @throws DomainError `invalid_request` for an unknown cursor */
  list(
    tenant: TenantContext,
    { code, knowledgeBaseId, ...page }: ListDeadLettersRequest,
  ): Promise<Page<DeadLetterView>> {
    return this.database.withTenant(tenant, (tx) =>
      listJobs(tx, tenant, { code, knowledgeBaseId, isDead: true }, page),
    );
  }

  find(tenant: TenantContext, id: string): Promise<DeadLetterDetails | null> {
    return this.database.withTenant(tenant, async (tx) => {
      const job = await findJob(tx, tenant, 'j.id = $2 and j.dead_lettered_at is not null', id);
      if (job === null) return null;
      const attempts = await tx.query<AttemptRow[]>(
        `select number, worker, started_at as "startedAt", ended_at as "endedAt", stage, outcome,
           error_code as "errorCode", error_message as "errorMessage"
         from memory.ingestion_attempts where tenant_id = $1 and job_id = $2 order by number`,
        [tenant.tenantId, id],
      );
      return { ...job, attempts: attempts.map(attemptOf) };
    });
  }

  /** They become due now, behind what already waits, and their turns come as fairly as any others. */
  replay(tenant: TenantContext, request: SettleDeadLettersRequest): Promise<SettleDeadLettersReply> {
    return this.#settle(tenant, request, REPLAY);
  }

  discard(tenant: TenantContext, request: SettleDeadLettersRequest): Promise<SettleDeadLettersReply> {
    return this.#settle(tenant, request, DISCARD);
  }

  #settle(tenant: TenantContext, request: SettleDeadLettersRequest, sql: string): Promise<SettleDeadLettersReply> {
    const { ids, code, knowledgeBaseId, limit } = request;
    const selection = [tenant.tenantId, ids ?? null, code ?? null, knowledgeBaseId ?? null];
    return this.database.withTenant(tenant, async (tx) => {
      const settled = await tx.query<{ id: string }[]>(sql, [...selection, limit]);
      const [left] = await tx.query<{ remaining: number }[]>(
        `select count(*)::integer as remaining from (select ${SELECTION} limit ${MAX_REMAINING}) left_over`,
        selection,
      );
      return { ids: settled.map(({ id }) => id), remaining: left!.remaining };
    });
  }
}

const SELECTION = `from memory.ingestion_jobs j join memory.documents d on d.tenant_id = $1 and d.id = j.document_id
  where j.tenant_id = $1 and j.dead_lettered_at is not null and ($2::uuid[] is null or j.id = any($2))
    and ($3::text is null or j.error_code = $3) and ($4::uuid is null or d.knowledge_base_id = $4)`;

const CHOSEN = `chosen as materialized (
  select j.id ${SELECTION} order by j.dead_lettered_at, j.id limit $5 for update of j skip locked
)`;

/** A job that has lost workers stays a suspect: see memory.next_ingestion_job. */
const REPLAY = `
  with ${CHOSEN}, job as (
    update memory.ingestion_jobs j
    set status = 'queued', failures = 0, postponements = 0, lost = least(lost, 1), outage_since = null,
      due_at = clock_timestamp(), progress_percent = 0, finished_at = null, dead_lettered_at = null
    from chosen where j.tenant_id = $1 and j.id = chosen.id
    returning j.id, j.document_id
  ), document as (
    update memory.documents d
    set status = 'queued', progress_percent = 0, error_code = null, error_message = null, updated_at = now()
    from job where d.tenant_id = $1 and d.id = job.document_id
  )
  select id from job`;

const DISCARD = `
  with ${CHOSEN}, job as (
    update memory.ingestion_jobs j set dead_lettered_at = null
    from chosen where j.tenant_id = $1 and j.id = chosen.id
    returning j.id
  )
  select id from job`;

function attemptOf({ errorCode, errorMessage, ...row }: AttemptRow): IngestionAttemptView {
  return { ...withIsoTimes(row), error: errorCode && { code: errorCode, message: errorMessage ?? '' } };
}
