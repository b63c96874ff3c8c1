import { Injectable } from '@nestjs/common';
import {
  type BatchFile,
  type CreateFileBatchRequest,
  type DocumentCounts,
  DomainError,
  type FileBatchRequest,
  type TenantContext,
} from '@parley/contracts';
import { jobsFinished } from '@parley/knowledge';
import { Database } from '@parley/persistence';
import { type EntityManager } from 'typeorm';
import { cancelDocuments } from '../documents/cancel-documents.repository.js';
import { holdFiles, holdKnowledgeBase, holdKnowledgeBases } from '../documents/holds.repository.js';
import { PlacementRepository } from '../documents/placement.repository.js';

export interface FileBatchRow extends DocumentCounts {
  id: string;
  knowledgeBaseId: string;
  createdAt: Date;
  cancelledAt: Date | null;
}

@Injectable()
export class FileBatchesRepository {
  constructor(
    private readonly database: Database,
    private readonly placement: PlacementRepository,
  ) {}

  /**
   * In one transaction of a few statements: the batch, its documents and their jobs. Of a repeated call, what the first
   * one made. Null when the id belongs to another batch.
   * @throws DomainError `not_found` for the knowledge base, or for a file by its place in the request
   */
  create(tenant: TenantContext, { id, knowledgeBaseId, files }: CreateFileBatchRequest): Promise<FileBatchRow | null> {
    const { tenantId } = tenant;
    return this.database.withTenant(tenant, async (tx) => {
      const known = await holdFiles(
        tx,
        tenantId,
        files.map(({ fileId }) => fileId),
      );
      await holdKnowledgeBase(tx, tenantId, knowledgeBaseId);
      const missing = files.findIndex(({ fileId }) => !known.has(fileId));
      if (missing >= 0) throw DomainError.notFound('file', `files.${missing}`);
      if (await insertBatch(tx, tenantId, id, knowledgeBaseId, [...known])) {
        await this.placement.add(tx, tenant, knowledgeBaseId, placings(files));
      }
      return findBatch(tx, tenantId, { knowledgeBaseId, batchId: id });
    });
  }

  find(tenant: TenantContext, request: FileBatchRequest): Promise<FileBatchRow | null> {
    return this.database.withTenant(tenant, (tx) => findBatch(tx, tenant.tenantId, request));
  }

  /** Null when there is none. */
  async cancel(tenant: TenantContext, request: FileBatchRequest): Promise<FileBatchRow | null> {
    const { tenantId } = tenant;
    const { knowledgeBaseId, batchId } = request;
    let cancelled = 0;
    const batch = await this.database.withTenant(tenant, async (tx) => {
      const files = await tx.query<{ file_id: string }[]>(
        `select f.file_id from memory.file_batches b
         join memory.file_batch_files f on f.tenant_id = b.tenant_id and f.batch_id = b.id
         where b.tenant_id = $1 and b.knowledge_base_id = $2 and b.id = $3`,
        [tenantId, knowledgeBaseId, batchId],
      );
      const fileIds = files.map(({ file_id }) => file_id);
      await holdFiles(tx, tenantId, fileIds);
      await holdKnowledgeBases(tx, tenantId, [knowledgeBaseId]);
      cancelled = await cancelDocuments(tx, tenant, knowledgeBaseId, fileIds);
      await tx.query(
        `update memory.file_batches set cancelled_at = coalesce(cancelled_at, now())
         where tenant_id = $1 and knowledge_base_id = $2 and id = $3`,
        [tenantId, knowledgeBaseId, batchId],
      );
      return findBatch(tx, tenantId, request);
    });
    jobsFinished('cancelled', cancelled);
    return batch;
  }
}

/** Each file once, as it is named first. */
function placings(files: readonly BatchFile[]) {
  const byFile = new Map(files.toReversed().map((file) => [file.fileId, file]));
  return files
    .filter((file) => byFile.get(file.fileId) === file)
    .map(({ fileId, attributes, chunking }) => ({ fileId, attributes, chunking: chunking ?? null }));
}

/** False when the id is taken. */
async function insertBatch(
  tx: EntityManager,
  tenantId: string,
  id: string,
  knowledgeBaseId: string,
  fileIds: readonly string[],
): Promise<boolean> {
  const inserted = await tx.query<unknown[]>(
    `with batch as (
       insert into memory.file_batches (id, tenant_id, knowledge_base_id) values ($1, $2, $3)
       on conflict do nothing returning id -- of either unique key
     )
     select id from batch`,
    [id, tenantId, knowledgeBaseId],
  );
  if (inserted.length === 0) return false;
  await tx.query(
    'insert into memory.file_batch_files (tenant_id, batch_id, file_id) select $1, $2, f from unnest($3::uuid[]) as f',
    [tenantId, id, fileIds],
  );
  return true;
}

async function findBatch(
  tx: EntityManager,
  tenantId: string,
  { knowledgeBaseId, batchId }: FileBatchRequest,
): Promise<FileBatchRow | null> {
  const [batch] = await tx.query<FileBatchRow[]>(FIND, [tenantId, knowledgeBaseId, batchId]);
  return batch ?? null;
}

const FIND = `
  select b.id, b.knowledge_base_id as "knowledgeBaseId", b.created_at as "createdAt", b.cancelled_at as "cancelledAt",
    count(d.id)::int as total,
    (count(*) filter (where d.status in ('queued', 'parsing', 'embedding', 'indexing')))::int as "inProgress",
    (count(*) filter (where d.status = 'completed'))::int as completed,
    (count(*) filter (where d.status = 'failed'))::int as failed,
    (count(*) filter (where d.status = 'cancelled'))::int as cancelled
  from memory.file_batches b
  left join memory.file_batch_files f on f.tenant_id = b.tenant_id and f.batch_id = b.id
  left join memory.document_states d
    on d.tenant_id = b.tenant_id and d.knowledge_base_id = b.knowledge_base_id and d.file_id = f.file_id
  where b.tenant_id = $1 and b.knowledge_base_id = $2 and b.id = $3
  group by b.id`;
