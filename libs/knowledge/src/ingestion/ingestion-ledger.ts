import { Injectable } from '@nestjs/common';
import { TenantContext } from '@parley/contracts';
import { Database } from '@parley/persistence';
import { type EntityManager } from 'typeorm';
import { takeJob } from './job-claim.js';
import { endingOf, endJob, endJobs } from './job-ending.js';
import {
  type Claim,
  type ClaimOptions,
  type Failure,
  type FailureOutcome,
  type Lease,
  LeaseLostError,
  type Progress,
  type RunningStatus,
  VectorsMissingError,
} from './lease.js';

const RUNNING = `('parsing', 'embedding', 'indexing')`;
/** Workers act for a tenant, not for one of its users. */
const NOBODY = '00000000-0000-0000-0000-000000000000';

export interface NewJob {
  jobId: string;
  documentId: string;
}

/** Done in the transaction that ends a job. */
type Settlement = (tx: EntityManager) => Promise<void>;

interface JobRow {
  status: string;
  /** Milliseconds until the lease of a live worker ends; 0 or less when it has ended. */
  leasedForMs: number;
}

/**
 * The one record of what is ingested, by whom and how far: a job per document version, leased to one worker at a time.
 * Every write checks the lease's token in the same statement. Rows are locked in the order job, document, chunks.
 */
@Injectable()
export class IngestionLedger {
  constructor(private readonly database: Database) {}

  /**
   * Adds a job for the next version of a document, which is shown as queued; an unfinished job for an older version is
   * cancelled, a failed one is no dead letter any more. The caller stores a wake-up for the workers in the same
   * transaction, and does not lock an existing document before.
   */
  enqueue(tx: EntityManager, tenant: TenantContext, job: NewJob): Promise<void> {
    return this.enqueueAll(tx, tenant, [job]);
  }

  /** The same for several documents, in three statements however many they are. */
  async enqueueAll(tx: EntityManager, tenant: TenantContext, jobs: readonly NewJob[]): Promise<void> {
    if (jobs.length === 0) return;
    const documentIds = jobs.map(({ documentId }) => documentId);
    await endJobs(tx, tenant, { documentIds }, { outcome: 'superseded', status: 'cancelled' });
    await tx.query(
      `update memory.ingestion_jobs set dead_lettered_at = null
       where tenant_id = $1 and document_id = any($2) and dead_lettered_at is not null`,
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

  /** Takes the job whose turn it is, of any tenant; see memory.next_ingestion_job. @returns null when none is due */
  claimNext(options: ClaimOptions & { worker: string }): Promise<Lease | null> {
    return this.database.withFoundTenant(
      async (tx) => {
        const [next] = await tx.query<{ tenantId: string; jobId: string }[]>(
          'select tenant_id as "tenantId", job_id as "jobId" from memory.next_ingestion_job($1)',
          [options.worker],
        );
        return next ? { tenant: tenantOf(next.tenantId), jobId: next.jobId } : null;
      },
      (tx, { tenant, jobId }) => takeJob(tx, tenant, jobId, options),
    );
  }

  /** Takes a certain job, whoever's turn it is and due or not; an expired lease is reaped first. */
  claim(tenant: TenantContext, jobId: string, options: ClaimOptions): Promise<Claim> {
    return this.database.withTenant(tenant, async (tx) => {
      const job = await lockedJob(tx, tenant, jobId);
      if (job === undefined) return { outcome: 'finished' };
      if (job.leasedForMs > 0) return { outcome: 'busy', retryAfterMs: job.leasedForMs };
      if (job.status !== 'queued') {
        const [reaped] = await tx.query<{ status: string }[]>(
          'select ended_as as status from memory.reap_ingestion_jobs(1, $1)',
          [jobId],
        );
        if (reaped?.status !== 'queued') return { outcome: 'finished' };
      }
      return { outcome: 'claimed', lease: await takeJob(tx, tenant, jobId, options) };
    });
  }

  /** Whether the lease is still good, at the price of a read. */
  async holds(lease: Lease): Promise<boolean> {
    const held = await this.database.withTenant(lease.tenant, (tx) =>
      tx.query<unknown[]>('select from memory.ingestion_jobs where tenant_id = $1 and id = $2 and lease_token = $3', [
        lease.tenant.tenantId,
        lease.jobId,
        lease.token,
      ]),
    );
    return held.length > 0;
  }

  /** Says that the worker lives, and how far it is; renews the lease. @throws LeaseLostError */
  heartbeat(lease: Lease, progress: Progress = {}): Promise<void> {
    return this.#update(lease, null, progress);
  }

  /** Goes on to the next stage and renews the lease. @throws LeaseLostError */
  advance(lease: Lease, status: RunningStatus, progress: Progress = {}): Promise<void> {
    return this.#update(lease, status, progress);
  }

  /**
   * Ends the attempt. When another one makes sense and is left, the job is queued again; otherwise it has failed, is a dead
   * letter, and what it had written is removed. An older version stays searchable either way.
   * @param elapsedMs since the claim
   * @throws LeaseLostError
   */
  fail(lease: Lease, failure: Failure, elapsedMs = 0): Promise<FailureOutcome> {
    const ending = endingOf(lease, failure, elapsedMs);
    return this.database.withTenant(lease.tenant, async (tx) => {
      const ended = await endJob(tx, lease.tenant, keyOf(lease), ending);
      if (ended === null) throw new LeaseLostError(lease);
      if (ending.status === 'failed') await discard(tx, lease.tenant, lease.documentId);
      return ending.outcome as FailureOutcome;
    });
  }

  /** Gives a job back that is not to blame for it: it is free again at once. @throws LeaseLostError */
  handBack(lease: Lease): Promise<void> {
    return this.database.withTenant(lease.tenant, async (tx) => {
      const ended = await endJob(tx, lease.tenant, keyOf(lease), { outcome: 'handed_back', status: 'queued' });
      if (ended === null) throw new LeaseLostError(lease);
    });
  }

  /**
   * Shows the new version to searches in place of the old one, in one transaction.
   * @param chunkCount how many chunks the document has: ordinals 0 to chunkCount - 1 must have been written
   * @param settle what else has to happen together with it, before any row of the job is touched
   * @throws LeaseLostError
   * @throws VectorsMissingError when the knowledge base has moved to another embedding space meanwhile
   * @throws Error when chunks are missing, a fault of the worker
   */
  complete(lease: Lease, { chunkCount }: { chunkCount: number }, settle?: Settlement): Promise<void> {
    return this.database.withTenant(lease.tenant, async (tx) => {
      await settle?.(tx);
      const ended = await endJob(tx, lease.tenant, keyOf(lease), { outcome: 'completed', status: 'completed' });
      if (ended === null) throw new LeaseLostError(lease);
      await tx.query(
        'update memory.ingestion_jobs set chunks_total = $3, chunks_written = $3 where tenant_id = $1 and id = $2',
        [lease.tenant.tenantId, lease.jobId, chunkCount],
      );
      await assertEmbedded(tx, lease, chunkCount);
      const [activation] = await tx.query<{ complete: boolean }[]>(
        'select memory.activate_version($1, $2, $3, $4) as complete',
        [lease.tenant.tenantId, lease.documentId, lease.version, chunkCount],
      );
      if (!activation!.complete) throw new Error(`Not all ${chunkCount} chunks of job ${lease.jobId} were written.`);
    });
  }

  /** Ends a job that found nothing new: searches go on with the version that they have. @throws LeaseLostError */
  completeUnchanged(lease: Lease, settle: Settlement): Promise<void> {
    return this.database.withTenant(lease.tenant, async (tx) => {
      await settle(tx);
      const ended = await endJob(tx, lease.tenant, keyOf(lease), { outcome: 'completed', status: 'completed' });
      if (ended === null) throw new LeaseLostError(lease);
      await tx.query(
        `update memory.documents
         set status = 'completed', progress_percent = 100, error_code = null, error_message = null, updated_at = now()
         where tenant_id = $1 and id = $2`,
        [lease.tenant.tenantId, lease.documentId],
      );
      await discard(tx, lease.tenant, lease.documentId);
    });
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

/** The switch to another space waits until this transaction ends, or has taken place before. */
async function assertEmbedded(tx: EntityManager, lease: Lease, chunkCount: number): Promise<void> {
  const { tenant, knowledgeBaseId, documentId, version } = lease;
  const [missing] = await tx.query<{ space_id: string | null }[]>(
    'select memory.space_without_vectors($1, $2, $3, $4, $5) as space_id',
    [tenant.tenantId, knowledgeBaseId, documentId, version, chunkCount],
  );
  const spaceId = missing!.space_id;
  if (spaceId !== null) throw new VectorsMissingError(lease, spaceId);
}

async function lockedJob(tx: EntityManager, tenant: TenantContext, jobId: string): Promise<JobRow | undefined> {
  const [job] = await tx.query<JobRow[]>(
    `select status, coalesce(ceil(extract(epoch from lease_until - clock_timestamp()) * 1000), 0)::integer as "leasedForMs"
     from memory.ingestion_jobs
     where tenant_id = $1 and id = $2 and status in ('queued', 'parsing', 'embedding', 'indexing') for update`,
    [tenant.tenantId, jobId],
  );
  return job;
}

function keyOf({ jobId, token: leaseToken }: Lease): { jobId: string; leaseToken: string } {
  return { jobId, leaseToken };
}

function tenantOf(tenantId: string): TenantContext {
  return TenantContext.of({ tenantId, userId: NOBODY, role: 'member' });
}

async function discard(tx: EntityManager, tenant: TenantContext, documentId: string): Promise<void> {
  await tx.query('select memory.discard_inactive_versions($1, $2)', [tenant.tenantId, documentId]);
}
