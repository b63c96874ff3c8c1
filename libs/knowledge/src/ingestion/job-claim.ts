import { type ChunkingOptions, type TenantContext } from '@parley/contracts';
import { type EntityManager } from 'typeorm';
import { v4 as uuidv4 } from 'uuid';
import { type Language } from '../analysis/languages.js';
import { type EmbeddingSpace } from '../spaces/embedding-space.js';
import { type ClaimOptions, type Lease } from './lease.js';

/** Of the attempts at a job, those that are kept for whoever looks into it. */
const KEPT_ATTEMPTS = 20;

interface WorkRow {
  documentId: string;
  version: number;
  attempt: number;
  failures: number;
  maxAttempts: number;
  postponements: number;
  outageMs: number | null;
  language: Language | null;
  traceparent: string | null;
  firstAttemptTraceparent: string | null;
  knowledgeBaseId: string;
  chunking: ChunkingOptions | null;
  file: Lease['file'];
  embeddingSpace: EmbeddingSpace | null;
}

/** Gives a queued job, which the transaction has locked, to a worker. */
export async function takeJob(
  tx: EntityManager,
  tenant: TenantContext,
  jobId: string,
  { leaseMs, worker = 'unnamed' }: ClaimOptions,
): Promise<Lease> {
  const token = uuidv4();
  const [work] = await tx.query<WorkRow[]>(TAKE, [tenant.tenantId, jobId, token, leaseMs, worker]);
  await tx.query('delete from memory.ingestion_attempts where tenant_id = $1 and job_id = $2 and number <= $3', [
    tenant.tenantId,
    jobId,
    work!.attempt - KEPT_ATTEMPTS,
  ]);
  return { jobId, token, tenant, leaseMs, ...work! };
}

const TAKE = `
  with job as (
    update memory.ingestion_jobs
    set attempt = attempt + 1, lease_token = $3, lease_until = clock_timestamp() + $4 * interval '1 millisecond',
      worker = $5, claimed_at = clock_timestamp(), heartbeat_at = clock_timestamp(),
      started_at = coalesce(started_at, clock_timestamp()), status = 'parsing', progress_percent = 0, chunks_written = 0,
      error_code = null, error_message = null
    where tenant_id = $1 and id = $2
    returning *
  ), attempt as (
    insert into memory.ingestion_attempts (tenant_id, job_id, number, worker)
    select $1, $2, job.attempt, $5 from job
  ), document as (
    update memory.documents d set status = 'parsing', progress_percent = 0, updated_at = now()
    from job where d.tenant_id = $1 and d.id = job.document_id
  )
  select job.document_id as "documentId", job.version, job.attempt, job.failures, job.max_attempts as "maxAttempts",
    job.postponements, job.language, job.traceparent, job.first_attempt_traceparent as "firstAttemptTraceparent",
    d.knowledge_base_id as "knowledgeBaseId", d.chunking,
    (extract(epoch from clock_timestamp() - job.outage_since) * 1000)::double precision as "outageMs",
    jsonb_build_object('id', f.id, 'filename', f.filename, 'contentType', f.content_type, 'bytes', f.bytes,
      'blobKey', f.blob_key) as file,
    case when s.id is not null then jsonb_build_object('id', s.id, 'model', s.model, 'dimensions', s.dimensions,
      'state', s.state, 'tableName', s.table_name, 'vectorWeight', s.vector_weight) end as "embeddingSpace"
  from job
  join memory.documents d on d.tenant_id = $1 and d.id = job.document_id
  join memory.files f on f.tenant_id = $1 and f.id = d.file_id
  join memory.knowledge_bases k on k.tenant_id = $1 and k.id = d.knowledge_base_id
  left join memory.embedding_spaces s on s.id = k.embedding_space_id`;
