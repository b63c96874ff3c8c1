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
import { IngestionLedger } from '@parley/knowledge';
import { Database } from '@parley/persistence';
import { findJob, jobOf, listJobs } from './job-rows.js';

const OF_DOCUMENT = 'd.knowledge_base_id = $2 and d.file_id = $3';

interface StatusRow {
  status: DocumentStatus;
  count: number;
  percent: number;
  revision: number;
}

@Injectable()
export class IngestionJobsRepository {
  constructor(
    private readonly database: Database,
    private readonly ledger: IngestionLedger,
  ) {}

  /** The job of the document's latest version. */
  find(tenant: TenantContext, { knowledgeBaseId, fileId }: DocumentRequest): Promise<IngestionJobView | null> {
    return this.database.withTenant(tenant, async (tx) => {
      const job = await findJob(tx, tenant, OF_DOCUMENT, knowledgeBaseId, fileId);
      return job && jobOf(job);
    });
  }

  cancel(tenant: TenantContext, { knowledgeBaseId, fileId }: DocumentRequest): Promise<IngestionJobView | null> {
    return this.database.withTenant(tenant, async (tx) => {
      const job = await findJob(tx, tenant, OF_DOCUMENT, knowledgeBaseId, fileId);
      if (job === null) return null;
      await this.ledger.cancel(tx, tenant, job.documentId);
      const after = await findJob(tx, tenant, OF_DOCUMENT, knowledgeBaseId, fileId);
      return after && jobOf(after);
    });
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
         from memory.documents where tenant_id = $1 and knowledge_base_id = $2 group by status`,
        parameters,
      );
      return progressOf(rows);
    });
  }
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
