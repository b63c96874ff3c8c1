import { type TenantContext } from '@parley/contracts';
import { type EntityManager } from 'typeorm';

/**
 * Takes a document out of its knowledge base with its jobs, chunks, vectors and statistics, in the caller's transaction.
 * When others duplicate it, the oldest of them gets all that instead. The file stays.
 * @returns false when the tenant has no such document
 */
export function removeDocument(tx: EntityManager, tenant: TenantContext, documentId: string): Promise<boolean> {
  return remove(tx, 'select memory.remove_document($1, $2) as removed', tenant, documentId);
}

/** Removes a knowledge base with all its documents, as above. @returns false when the tenant has no such knowledge base */
export function removeKnowledgeBase(
  tx: EntityManager,
  tenant: TenantContext,
  knowledgeBaseId: string,
): Promise<boolean> {
  return remove(tx, 'select memory.remove_knowledge_base($1, $2) as removed', tenant, knowledgeBaseId);
}

async function remove(tx: EntityManager, sql: string, tenant: TenantContext, id: string): Promise<boolean> {
  const [result] = await tx.query<{ removed: boolean }[]>(sql, [tenant.tenantId, id]);
  return result!.removed;
}
