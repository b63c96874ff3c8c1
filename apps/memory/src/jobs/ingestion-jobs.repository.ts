import { Injectable } from '@nestjs/common';
import {
  DOCUMENT_STATUSES,
  type DocumentRequest,
  type DocumentStatus,
  DomainError,
  type IngestionJobView,
  type IngestionProgressReply,
  type ListIngestionJobsRequest,
  type Page,
  type TenantContext,
} from '@parley/contracts';
import { jobsFinished } from '@parley/knowledge';
import { Database } from '@parley/persistence';
import { type EntityManager } from 'typeorm';
import { cancelDocuments } from '../documents/cancel-documents.repository.js';
import { holdFiles, holdKnowledgeBases } from '../documents/holds.repository.js';
import { findJob, findUnbegun, jobOf, listJobs } from './job-rows.repository.js';

/** A duplicate is indexed with the document that it duplicates, and has no job of its own. */
const OF_DOCUMENT = `d.id = (
  select case when o.latest_version = 0 then coalesce(o.duplicate_of, o.id) else o.id end from memory.documents o
  where o.tenant_id = $1 and o.knowledge_base_id = $2 and o.file_id = $3)`;

interface StatusRow {
  status: DocumentStatus;
  count: number;
  percent: number;
  revision: number;
}

@Injectable()
export class IngestionJobsRepository {
  constructor(private readonly database: Database) {}

  /** The job of the document's latest version. */
  find(tenant: TenantContext, request: DocumentRequest): Promise<IngestionJobView | null> {
    return this.database.withTenant(tenant, (tx) => findOf(tx, tenant, request));
  }

  /** As the job is after that, whether or not there was something to cancel; a file that parts from others has its own. */
  async cancel(tenant: TenantContext, request: DocumentRequest): Promise<IngestionJobView | null> {
    const { knowledgeBaseId, fileId } = request;
    let cancelled = 0;
    const job = await this.database.withTenant(tenant, async (tx) => {
      await holdFiles(tx, tenant.tenantId, [fileId]);
      await holdKnowledgeBases(tx, tenant.tenantId, [knowledgeBaseId]);
      cancelled = await cancelDocuments(tx, tenant, knowledgeBaseId, [fileId]);
      return findOf(tx, tenant, request);
    });
    jobsFinished('cancelled', cancelled);
    return job;
  }

  /** @throws DomainError `invalid_request` for an unknown cursor */
  list(
    tenant: TenantContext,
    { status, knowledgeBaseId, ...page }: ListIngestionJobsRequest,
  ): Promise<Page<IngestionJobView>> {
    return this.database.withTenant(tenant, async (tx) => {
      const { data, hasMore } = await listJobs(tx, tenant, { status, knowledgeBaseId }, page);
      return { data: data.map(jobOf), hasMore };
    });
  }

  /** @throws DomainError `not_found` */
  progress(tenant: TenantContext, knowledgeBaseId: string): Promise<IngestionProgressReply> {
    const parameters = [tenant.tenantId, knowledgeBaseId];
    return this.database.withTenant(tenant, async (tx) => {
      const base = await tx.query<unknown[]>(
        'select from memory.knowledge_bases where tenant_id = $1 and id = $2',
        parameters,
      );
      if (base.length === 0) throw DomainError.notFound('vector store', 'vector_store_id');
      const rows = await tx.query<StatusRow[]>(
        `select status, count(*)::integer as count, sum(progress_percent)::integer as percent,
           floor(extract(epoch from max(updated_at)) * 1000000)::double precision as revision
         from memory.document_states where tenant_id = $1 and knowledge_base_id = $2 group by status`,
        parameters,
      );
      return progressOf(rows);
    });
  }
}

async function findOf(
  tx: EntityManager,
  tenant: TenantContext,
  { knowledgeBaseId, fileId }: DocumentRequest,
): Promise<IngestionJobView | null> {
  const job = await findJob(tx, tenant, OF_DOCUMENT, knowledgeBaseId, fileId);
  if (job) return { ...jobOf(job), fileId };
  // Cancelled before it needed a job: it waited for that of another document.
  return findUnbegun(tx, tenant, 'd.knowledge_base_id = $2 and d.file_id = $3', knowledgeBaseId, fileId);
}

function progressOf(rows: StatusRow[]): IngestionProgressReply {
  const counts = Object.fromEntries(DOCUMENT_STATUSES.map((status) => [status, 0])) as Record<DocumentStatus, number>;
  let [total, percent, revision] = [0, 0, 0];
  for (const row of rows) {
    const isDone = row.status === 'completed' || row.status === 'failed' || row.status === 'cancelled';
    counts[row.status] = row.count;
    total += row.count;
    percent += isDone ? 100 * row.count : row.percent;
    revision = Math.max(revision, row.revision);
  }
  return { counts, total, progressPercent: total === 0 ? 100 : Math.floor(percent / total), revision };
}
