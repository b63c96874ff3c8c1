import {
  type DeadLetterView,
  DomainError,
  type IngestionErrorCode,
  type IngestionJobView,
  type JobFilter,
  type Page,
  type PageRequest,
  type TenantContext,
} from '@parley/contracts';
import { type EntityManager } from 'typeorm';

const RUNNING = `('parsing', 'embedding', 'indexing')`;
const MAX_JOBS_AHEAD = 1_000;

/** Times come as Dates. */
interface JobRow extends Omit<DeadLetterView, 'error'> {
  errorCode: IngestionErrorCode | null;
  errorMessage: string | null;
}

export interface JobSelection {
  status?: JobFilter | undefined;
  code?: IngestionErrorCode | undefined;
  knowledgeBaseId?: string | undefined;
  /** Dead letters only, by the time of their failure instead of their creation. */
  isDead?: boolean;
}

const CONDITIONS: Partial<Record<JobFilter, string>> = {
  waiting: `j.status = 'queued' and j.due_at <= now()`,
  paused: `j.status = 'queued' and j.due_at > now()`,
  running: `j.status in ${RUNNING} and j.lease_until >= now()`,
  stalled: `j.status in ${RUNNING} and j.lease_until < now()`,
};

const SELECT_JOB = `
  select j.id, j.document_id as "documentId", d.knowledge_base_id as "knowledgeBaseId", d.file_id as "fileId", f.filename,
    j.version, j.status,
    case when j.status = 'queued' then case when j.due_at > now() then 'paused' else 'waiting' end
      when j.status in ${RUNNING} then case when j.lease_until < now() then 'stalled' else 'running' end
      else 'ended' end as condition,
    case when j.status = 'queued' and j.due_at <= now() then (
      select count(*)::integer from (
        select from memory.ingestion_jobs a
        where a.tenant_id = j.tenant_id and a.status = 'queued' and (a.due_at, a.id) < (j.due_at, j.id)
        limit ${MAX_JOBS_AHEAD}
      ) ahead
    ) end as "jobsAhead",
    case when j.status = 'queued' then j.due_at end as "dueAt", j.progress_percent as "progressPercent",
    j.chunks_total as "chunksTotal", j.chunks_written as "chunksWritten", j.attempt, j.failures,
    j.max_attempts as "maxAttempts", j.heartbeat_at as "heartbeatAt", j.lease_until as "leaseUntil",
    j.error_code as "errorCode", j.error_message as "errorMessage", j.created_at as "createdAt",
    j.started_at as "startedAt", j.finished_at as "finishedAt", j.dead_lettered_at as "deadLetteredAt",
    floor(extract(epoch from j.updated_at) * 1000000)::double precision as revision
  from memory.ingestion_jobs j
  join memory.documents d on d.tenant_id = j.tenant_id and d.id = j.document_id
  join memory.files f on f.tenant_id = d.tenant_id and f.id = d.file_id`;

/** @param condition over j (the job) and d (its document), with parameters from $2 on */
export async function findJob(
  tx: EntityManager,
  tenant: TenantContext,
  condition: string,
  ...parameters: unknown[]
): Promise<DeadLetterView | null> {
  const [row] = await tx.query<JobRow[]>(
    `${SELECT_JOB} where j.tenant_id = $1 and ${condition} order by j.version desc limit 1`,
    [tenant.tenantId, ...parameters],
  );
  return row ? viewOf(row) : null;
}

/** A document that has no version, as a job that never began: its id is the document's. */
const SELECT_UNBEGUN = `
  select d.id, d.id as "documentId", d.knowledge_base_id as "knowledgeBaseId", d.file_id as "fileId", f.filename,
    0 as version, d.status, 'ended' as condition, null as "jobsAhead", null as "dueAt",
    d.progress_percent as "progressPercent", null as "chunksTotal", 0 as "chunksWritten", 0 as attempt, 0 as failures,
    0 as "maxAttempts", null as "heartbeatAt", null as "leaseUntil", d.error_code as "errorCode",
    d.error_message as "errorMessage", d.created_at as "createdAt", null as "startedAt", d.updated_at as "finishedAt",
    null as "deadLetteredAt", floor(extract(epoch from d.updated_at) * 1000000)::double precision as revision
  from memory.documents d
  join memory.files f on f.tenant_id = d.tenant_id and f.id = d.file_id`;

/** @param condition over d (the document), with parameters from $2 on */
export async function findUnbegun(
  tx: EntityManager,
  tenant: TenantContext,
  condition: string,
  ...parameters: unknown[]
): Promise<IngestionJobView | null> {
  const [row] = await tx.query<JobRow[]>(
    `${SELECT_UNBEGUN} where d.tenant_id = $1 and d.latest_version = 0 and d.duplicate_of is null and ${condition}`,
    [tenant.tenantId, ...parameters],
  );
  return row ? jobOf(viewOf(row)) : null;
}

/** @throws DomainError `invalid_request` for a cursor that is no job of the tenant's */
export async function listJobs(
  tx: EntityManager,
  tenant: TenantContext,
  { status, code, knowledgeBaseId, isDead = false }: JobSelection,
  page: Pick<PageRequest, 'limit' | 'order' | 'after' | 'before'>,
): Promise<Page<DeadLetterView>> {
  const { limit, order, after, before } = page;
  const cursor = after ?? before ?? null;
  if (cursor !== null) await requireCursor(tx, tenant, cursor, after === undefined ? 'before' : 'after');
  const isBackwards = after === undefined && before !== undefined;
  const isAscending = (order === 'asc') !== isBackwards;
  const time = isDead ? 'j.dead_lettered_at' : 'j.created_at';
  const direction = isAscending ? 'asc' : 'desc';
  const conditions = [
    'j.tenant_id = $1',
    '($2::text is null or j.error_code = $2)',
    '($3::uuid is null or d.knowledge_base_id = $3)',
    ...(isDead ? ['j.dead_lettered_at is not null'] : []),
    ...(status ? [CONDITIONS[status] ?? `j.status = '${status}'`] : []),
    `($4::uuid is null or (${time}, j.id) ${isAscending ? '>' : '<'}
      (select ${time}, j.id from memory.ingestion_jobs j where j.tenant_id = $1 and j.id = $4))`,
  ];
  const rows = await tx.query<JobRow[]>(
    `${SELECT_JOB} where ${conditions.join(' and ')} order by ${time} ${direction}, j.id ${direction} limit $5`,
    [tenant.tenantId, code ?? null, knowledgeBaseId ?? null, cursor, limit + 1],
  );
  const data = rows.slice(0, limit).map(viewOf);
  return { data: isBackwards ? data.toReversed() : data, hasMore: rows.length > limit };
}

async function requireCursor(tx: EntityManager, tenant: TenantContext, id: string, param: string): Promise<void> {
  const found = await tx.query<unknown[]>('select from memory.ingestion_jobs where tenant_id = $1 and id = $2', [
    tenant.tenantId,
    id,
  ]);
  if (found.length === 0) throw new DomainError('invalid_request', `${param} is not an id of this list.`, { param });
}

function viewOf({ errorCode, errorMessage, ...row }: JobRow): DeadLetterView {
  return { ...withIsoTimes(row), error: errorCode && { code: errorCode, message: errorMessage ?? '' } };
}

/** What the database gives as a Date, as text. */
export function withIsoTimes<Row extends object>(row: Row): Row {
  const entries = Object.entries(row).map(([name, value]) => [
    name,
    value instanceof Date ? value.toISOString() : value,
  ]);
  return Object.fromEntries(entries) as Row;
}

/** Without what only dead letters have. */
export function jobOf({ deadLetteredAt: _, ...job }: DeadLetterView): IngestionJobView {
  return job;
}
