import { type TenantContext } from '@parley/contracts';
import { cancelJobs } from '@parley/knowledge';
import { type EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';

const UNFINISHED = `('queued', 'parsing', 'embedding', 'indexing')`;

/**
 * Stops what has not completed of these files; an older version of it stays searchable. A file whose content others wait
 * for as well only parts from them. The caller holds the files and then the knowledge base.
 * @returns how many jobs that were
 */
export async function cancelDocuments(
  tx: EntityManager,
  tenant: TenantContext,
  knowledgeBaseId: string,
  fileIds: readonly string[],
): Promise<number> {
  const parameters = [tenant.tenantId, knowledgeBaseId, fileIds];
  await tx.query(PART_DUPLICATES, parameters);
  const shared = await tx.query<{ id: string; file_id: string }[]>(SHARED, parameters);
  for (const { id } of shared) await leaveToOthers(tx, tenant, id);
  const unfinished = await tx.query<{ id: string }[]>(WORKED_ON, parameters);
  return cancelJobs(
    tx,
    tenant,
    unfinished.map(({ id }) => id),
  );
}

const PART_DUPLICATES = `
  update memory.documents d set duplicate_of = null, status = 'cancelled', updated_at = now()
  from memory.documents h
  where d.tenant_id = $1 and d.knowledge_base_id = $2 and d.file_id = any($3) and d.latest_version = 0
    and h.tenant_id = $1 and h.id = d.duplicate_of and h.status in ${UNFINISHED}`;

const SHARED = `
  select d.id from memory.documents d
  where d.tenant_id = $1 and d.knowledge_base_id = $2 and d.file_id = any($3) and d.status in ${UNFINISHED}
    and exists (select from memory.documents o where o.tenant_id = $1 and o.duplicate_of = d.id and o.latest_version = 0)
  order by d.id`;

/** Another file takes over the work with the document's place; this one gets a new place, without content. */
async function leaveToOthers(tx: EntityManager, { tenantId }: TenantContext, documentId: string): Promise<void> {
  await tx.query('select memory.hold_document($1, $2)', [tenantId, documentId]);
  const [before] = await tx.query<object[]>(
    `select to_jsonb(d) - 'duplicate_of' || jsonb_build_object('id', $3::uuid, 'status', 'cancelled', 'latest_version', 0,
       'active_version', null, 'chunk_count', 0, 'usage_bytes', 0, 'progress_percent', 0, 'updated_at', now()) as document
     from memory.documents d where d.tenant_id = $1 and d.id = $2`,
    [tenantId, documentId, uuidv7()],
  );
  await tx.query('select memory.pass_document_on($1, $2)', [tenantId, documentId]);
  await tx.query('insert into memory.documents select (jsonb_populate_record(null::memory.documents, $1)).*', [
    JSON.stringify((before as { document: object }).document),
  ]);
}

const WORKED_ON = `
  select d.id from memory.documents d
  where d.tenant_id = $1 and d.knowledge_base_id = $2 and d.file_id = any($3) and d.status in ${UNFINISHED}`;
