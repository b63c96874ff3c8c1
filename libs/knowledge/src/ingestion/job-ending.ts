import { type IngestionErrorCode, type TenantContext } from '@parley/contracts';
import { type EntityManager } from 'typeorm';
import { type Failure, type FailureOutcome, type Lease } from './lease.js';

const MAX_MESSAGE_CHARACTERS = 1_000;

/** Of a document there is one unfinished job at most, so that either names one. */
export type JobKey = { leaseToken: string; jobId: string } | { documentIds: readonly string[] };

export interface EndedJob {
  documentId: string;
  /** Whether it may have written something. */
  hasBegun: boolean;
}

export interface Ending {
  /** Of the attempt, for its record. */
  outcome: FailureOutcome | 'completed' | 'handed_back' | 'cancelled' | 'superseded';
  status: 'queued' | 'completed' | 'failed' | 'cancelled';
  code?: IngestionErrorCode;
  message?: string;
  /** From now, for a job that is queued again. */
  dueInMs?: number;
}

/**
 * Ends the attempts at unfinished jobs and says so on job, attempt and document, in this order.
 * @returns their documents; none when there is no such job: it was cancelled, deleted or taken over
 */
export function endJobs(tx: EntityManager, tenant: TenantContext, key: JobKey, ending: Ending): Promise<EndedJob[]> {
  const [match, ...ids] =
    'leaseToken' in key
      ? ['id = $7 and lease_token = $8', key.jobId, key.leaseToken]
      : ['document_id = any($7)', key.documentIds];
  const { outcome, status, code = null, message = null, dueInMs = 0 } = ending;
  return tx.query<EndedJob[]>(endSql(match as string), [
    tenant.tenantId,
    status,
    outcome,
    code,
    message?.slice(0, MAX_MESSAGE_CHARACTERS) ?? null,
    dueInMs,
    ...ids,
  ]);
}

/** The same for one; null when there is none. */
export async function endJob(
  tx: EntityManager,
  tenant: TenantContext,
  key: JobKey,
  ending: Ending,
): Promise<EndedJob | null> {
  const [ended] = await endJobs(tx, tenant, key, ending);
  return ended ?? null;
}

/**
 * Cancels the unfinished jobs of documents, in whatever stage: their workers lose their leases and what they had written
 * goes; older versions stay searchable. A job that completes at the same moment is either completed or cancelled.
 * @returns how many jobs were cancelled
 */
export async function cancelJobs(
  tx: EntityManager,
  tenant: TenantContext,
  documentIds: readonly string[],
): Promise<number> {
  const cancelled = await endJobs(tx, tenant, { documentIds }, { outcome: 'cancelled', status: 'cancelled' });
  await tx.query('select memory.discard_inactive_versions($1, d.id) from unnest($2::uuid[]) as d(id)', [
    tenant.tenantId,
    cancelled.filter(({ hasBegun }) => hasBegun).map(({ documentId }) => documentId),
  ]);
  return cancelled.length;
}

/** An outage counts as a failure only when it has lasted longer than the patience. */
export function endingOf(lease: Lease, failure: Failure, elapsedMs: number): Ending {
  const { code, message, retryInMs, outagePatienceMs } = failure;
  if (retryInMs === undefined) return { outcome: 'failed', status: 'failed', code, message };
  const isOutage = outagePatienceMs !== undefined;
  const outageMs = lease.outageMs === null ? 0 : lease.outageMs + elapsedMs;
  if (isOutage && outageMs < outagePatienceMs) {
    return { outcome: 'postponed', status: 'queued', code, message, dueInMs: retryInMs };
  }
  if (isOutage || lease.failures + 1 >= lease.maxAttempts)
    return { outcome: 'failed', status: 'failed', code, message };
  return { outcome: 'retried', status: 'queued', code, message, dueInMs: retryInMs };
}

const endSql = (match: string) => `
  with held as materialized (
    select id, document_id, attempt, attempt > 0 as has_begun, status as stage from memory.ingestion_jobs
    where tenant_id = $1 and ${match} and status in ('queued', 'parsing', 'embedding', 'indexing')
    order by id for update
  ), job as (
    update memory.ingestion_jobs j
    set status = $2, error_code = $4, error_message = $5, lease_token = null, lease_until = null,
      progress_percent = case when $2 = 'completed' then 100 else progress_percent end,
      failures = failures + case when $3 in ('retried', 'failed') then 1 else 0 end,
      postponements = case $3 when 'postponed' then postponements + 1 when 'handed_back' then postponements else 0 end,
      outage_since = case $3 when 'postponed' then coalesce(outage_since, clock_timestamp())
        when 'handed_back' then outage_since end,
      due_at = case when $2 = 'queued' then clock_timestamp() + $6 * interval '1 millisecond' else due_at end,
      finished_at = case when $2 <> 'queued' then clock_timestamp() end,
      dead_lettered_at = case when $2 = 'failed' then clock_timestamp() end
    from held where j.tenant_id = $1 and j.id = held.id
    returning j.document_id, j.status, held.has_begun
  ), attempt as (
    update memory.ingestion_attempts a
    set ended_at = clock_timestamp(), stage = held.stage, outcome = $3, error_code = $4, error_message = $5
    from held where a.tenant_id = $1 and a.job_id = held.id and a.number = held.attempt and a.ended_at is null
  ), document as (
    update memory.documents d
    set status = job.status, updated_at = now(), error_code = case when job.status = 'failed' then $4 end,
      error_message = case when job.status = 'failed' then $5 end
    from job where d.tenant_id = $1 and d.id = job.document_id and job.status <> 'completed'
  )
  select document_id as "documentId", has_begun as "hasBegun" from job`;
