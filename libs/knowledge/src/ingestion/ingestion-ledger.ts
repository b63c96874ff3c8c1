import { Injectable } from '@nestjs/common';
import { type ChunkingOptions, type IngestionErrorCode, type TenantContext } from '@parley/contracts';
import { Database } from '@parley/persistence';
import { type EntityManager } from 'typeorm';
import { v4 as uuidv4 } from 'uuid';
import { type Language } from '../analysis/languages.js';
import { type EmbeddingSpace } from '../spaces/embedding-space.js';
import { type Claim, type Failure, type Lease, LeaseLostError, type Progress, type RunningStatus } from './lease.js';

const MAX_MESSAGE_CHARACTERS = 1_000;
const UNFINISHED = `('queued', 'parsing', 'embedding', 'indexing')`;
const RUNNING = `('parsing', 'embedding', 'indexing')`;

export interface NewJob {
  jobId: string;
  documentId: string;
}

interface JobRow {
  documentId: string;
  attempt: number;
  maxAttempts: number;
  unfinished: boolean;
  /** Milliseconds until the lease of a live worker ends; 0 or less when there is none. */
  leasedForMs: number;
}

interface WorkRow {
  documentId: string;
  version: number;
  language: Language | null;
  knowledgeBaseId: string;
  chunking: ChunkingOptions | null;
  file: Lease['file'];
  embeddingSpace: EmbeddingSpace | null;
}

/**
 * The one record of what is ingested, by whom and how far: a job per document version, leased to one worker at a time.
 * Every write checks the lease's token in the same statement. Rows are locked in the order job, document, chunks.
 */
@Injectable()
export class IngestionLedger {
  constructor(private readonly database: Database) {}

  /**
   * Adds a job for the next version of a document, which is shown as queued; unfinished jobs for older versions are
   * cancelled. The caller stores the command that carries the job in the same transaction, and does not lock an existing
   * document before.
   */
  enqueue(tx: EntityManager, tenant: TenantContext, job: NewJob): Promise<void> {
    return this.enqueueAll(tx, tenant, [job]);
  }

  /** The same for several documents, in two statements however many they are. */
  async enqueueAll(tx: EntityManager, tenant: TenantContext, jobs: readonly NewJob[]): Promise<void> {
    if (jobs.length === 0) return;
    const documentIds = jobs.map(({ documentId }) => documentId);
    await tx.query(
      `with unfinished as (
         select id from memory.ingestion_jobs
         where tenant_id = $1 and document_id = any($2) and status in ${UNFINISHED} order by id for update
       )
       update memory.ingestion_jobs j
       set status = 'cancelled', lease_token = null, lease_until = null, finished_at = now()
       from unfinished u where j.id = u.id`,
      [tenant.tenantId, documentIds],
    );
    await tx.query(
      `with document as (
         update memory.documents
         set latest_version = latest_version + 1, status = 'queued', progress_percent = 0, error_code = null,
           error_message = null, updated_at = now()
         where tenant_id = $1 and id = any($2)
         returning id, latest_version
       )
       insert into memory.ingestion_jobs (id, tenant_id, document_id, version)
       select j.id, $1, d.id, d.latest_version
       from document d join unnest($2::uuid[], $3::uuid[]) as j(document_id, id) on j.document_id = d.id`,
      [tenant.tenantId, documentIds, jobs.map(({ jobId }) => jobId)],
    );
  }

  /**
   * Takes a job, unless it is finished or a live worker has it. An expired lease is taken over, and the worker that had
   * it can write nothing more. A job that has used up its attempts fails here: its workers died without a word.
   */
  claim(tenant: TenantContext, jobId: string, { leaseMs }: { leaseMs: number }): Promise<Claim> {
    return this.database.withTenant(tenant, async (tx) => {
      const [job] = await tx.query<JobRow[]>(
        `select document_id as "documentId", attempt, max_attempts as "maxAttempts", status in ${UNFINISHED} as unfinished,
           coalesce(ceil(extract(epoch from lease_until - clock_timestamp()) * 1000), 0)::integer as "leasedForMs"
         from memory.ingestion_jobs where tenant_id = $1 and id = $2 for update`,
        [tenant.tenantId, jobId],
      );
      if (job === undefined || !job.unfinished) return { outcome: 'finished' };
      if (job.leasedForMs > 0) return { outcome: 'busy', retryAfterMs: job.leasedForMs };
      if (job.attempt >= job.maxAttempts) {
        await this.#giveUp(tx, tenant, jobId, job);
        return { outcome: 'finished' };
      }
      const token = uuidv4();
      const [work] = await tx.query<WorkRow[]>(TAKE, [tenant.tenantId, jobId, token, leaseMs]);
      const { attempt, maxAttempts } = job;
      const lease = { jobId, token, tenant, attempt: attempt + 1, maxAttempts, leaseMs, ...work! };
      return { outcome: 'claimed', lease };
    });
  }

  /** Says that the worker lives, and how far it is; renews the lease. @throws LeaseLostError */
  heartbeat(lease: Lease, progress: Progress = {}): Promise<void> {
    return this.#update(lease, null, progress);
  }

  /** Goes on to the next stage and renews the lease. @throws LeaseLostError */
  advance(lease: Lease, status: RunningStatus): Promise<void> {
    return this.#update(lease, status, {});
  }

  /**
   * Ends the attempt. With `retryAt` and attempts left the job is queued again, otherwise it has failed and what it had
   * written is removed; an older version stays searchable either way.
   * @throws LeaseLostError
   */
  fail(lease: Lease, { code, message, retryAt }: Failure): Promise<'queued' | 'failed'> {
    return this.database.withTenant(lease.tenant, async (tx) => {
      const status = retryAt !== undefined && lease.attempt < lease.maxAttempts ? 'queued' : 'failed';
      const ended = await endLease(tx, lease, { status, code, message, dueAt: retryAt ?? null });
      if (!ended) throw new LeaseLostError(lease);
      if (status === 'failed') await discard(tx, lease.tenant, lease.documentId);
      return status;
    });
  }

  /**
   * Shows the new version to searches in place of the old one, in one transaction.
   * @param chunkCount how many chunks the document has: ordinals 0 to chunkCount - 1 must have been written
   * @throws LeaseLostError
   * @throws Error when chunks are missing, a fault of the worker
   */
  complete(lease: Lease, { chunkCount }: { chunkCount: number }): Promise<void> {
    return this.database.withTenant(lease.tenant, async (tx) => {
      const completed = await tx.query<unknown[]>(
        `with done as (
           update memory.ingestion_jobs
           set status = 'completed', lease_token = null, lease_until = null, finished_at = clock_timestamp(),
             progress_percent = 100, chunks_total = $4, chunks_written = $4, error_code = null, error_message = null
           where tenant_id = $1 and id = $2 and lease_token = $3 and status in ${RUNNING}
           returning 1
         )
         select * from done`,
        [lease.tenant.tenantId, lease.jobId, lease.token, chunkCount],
      );
      if (completed.length === 0) throw new LeaseLostError(lease);
      const [activation] = await tx.query<{ complete: boolean }[]>(
        'select memory.activate_version($1, $2, $3, $4) as complete',
        [lease.tenant.tenantId, lease.documentId, lease.version, chunkCount],
      );
      if (!activation!.complete) throw new Error(`Not all ${chunkCount} chunks of job ${lease.jobId} were written.`);
    });
  }

  async #giveUp(tx: EntityManager, tenant: TenantContext, jobId: string, job: JobRow): Promise<void> {
    const message = `Given up after ${job.attempt} attempts whose workers stopped responding.`;
    await endJob(tx, tenant, { jobId, token: null, status: 'failed', code: 'internal_error', message, dueAt: null });
    await discard(tx, tenant, job.documentId);
  }

  #update(lease: Lease, status: RunningStatus | null, { percent, chunksTotal }: Progress): Promise<void> {
    return this.database.withTenant(lease.tenant, async (tx) => {
      const updated = await tx.query<unknown[]>(
        `with job as (
           update memory.ingestion_jobs
           set status = coalesce($4, status), progress_percent = coalesce($5, progress_percent),
             chunks_total = coalesce($6, chunks_total), heartbeat_at = clock_timestamp(),
             lease_until = clock_timestamp() + $7 * interval '1 millisecond'
           where tenant_id = $1 and id = $2 and lease_token = $3 and status in ${RUNNING}
           returning document_id, status, progress_percent
         ), document as (
           update memory.documents d
           set status = job.status, progress_percent = job.progress_percent, updated_at = now()
           from job where d.tenant_id = $1 and d.id = job.document_id
         )
         select * from job`,
        [
          lease.tenant.tenantId,
          lease.jobId,
          lease.token,
          status,
          percent === undefined ? null : Math.round(Math.min(100, Math.max(0, percent))),
          chunksTotal ?? null,
          lease.leaseMs,
        ],
      );
      if (updated.length === 0) throw new LeaseLostError(lease);
    });
  }
}

const TAKE = `
  with job as (
    update memory.ingestion_jobs
    set attempt = attempt + 1, lease_token = $3, lease_until = clock_timestamp() + $4 * interval '1 millisecond',
      heartbeat_at = clock_timestamp(), started_at = coalesce(started_at, clock_timestamp()), status = 'parsing',
      progress_percent = 0, chunks_written = 0, error_code = null, error_message = null
    where tenant_id = $1 and id = $2
    returning document_id, version, language
  ), document as (
    update memory.documents d set status = 'parsing', progress_percent = 0, updated_at = now()
    from job where d.tenant_id = $1 and d.id = job.document_id
  )
  select job.document_id as "documentId", job.version, job.language, d.knowledge_base_id as "knowledgeBaseId", d.chunking,
    jsonb_build_object('id', f.id, 'filename', f.filename, 'contentType', f.content_type, 'bytes', f.bytes,
      'blobKey', f.blob_key) as file,
    case when s.id is not null then jsonb_build_object('id', s.id, 'model', s.model, 'dimensions', s.dimensions,
      'state', s.state, 'tableName', s.table_name, 'vectorWeight', s.vector_weight) end as "embeddingSpace"
  from job
  join memory.documents d on d.tenant_id = $1 and d.id = job.document_id
  join memory.files f on f.tenant_id = $1 and f.id = d.file_id
  join memory.knowledge_bases k on k.tenant_id = $1 and k.id = d.knowledge_base_id
  left join memory.embedding_spaces s on s.id = k.embedding_space_id`;

interface Ending {
  jobId: string;
  /** Null: whoever held the lease, it has expired. */
  token: string | null;
  status: 'queued' | 'failed';
  code: IngestionErrorCode;
  message: string;
  dueAt: Date | null;
}

function endLease(tx: EntityManager, lease: Lease, ending: Omit<Ending, 'jobId' | 'token'>): Promise<boolean> {
  return endJob(tx, lease.tenant, { jobId: lease.jobId, token: lease.token, ...ending });
}

/** @returns false when the lease is lost */
async function endJob(tx: EntityManager, tenant: TenantContext, ending: Ending): Promise<boolean> {
  const { jobId, token, status, code, message, dueAt } = ending;
  const ended = await tx.query<unknown[]>(
    `with job as (
       update memory.ingestion_jobs
       set status = $4, error_code = $5, error_message = $6, lease_token = null, lease_until = null,
         due_at = coalesce($7, due_at), finished_at = case when $4 = 'failed' then clock_timestamp() end
       where tenant_id = $1 and id = $2 and (lease_token = $3 or $3::uuid is null) and status in ${UNFINISHED}
       returning document_id, status, case when status = 'failed' then error_code end as error_code,
         case when status = 'failed' then error_message end as error_message
     ), document as (
       update memory.documents d
       set status = job.status, error_code = job.error_code, error_message = job.error_message, updated_at = now()
       from job where d.tenant_id = $1 and d.id = job.document_id
     )
     select * from job`,
    [tenant.tenantId, jobId, token, status, code, message.slice(0, MAX_MESSAGE_CHARACTERS), dueAt],
  );
  return ended.length > 0;
}

async function discard(tx: EntityManager, tenant: TenantContext, documentId: string): Promise<void> {
  await tx.query('select memory.discard_inactive_versions($1, $2)', [tenant.tenantId, documentId]);
}
