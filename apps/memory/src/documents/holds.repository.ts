import { DomainError } from '@parley/contracts';
import { type EntityManager } from 'typeorm';
import { assertNotExpired } from '../knowledge-bases/expiry.repository.js';

/**
 * Rows that whoever adds, changes or removes documents holds until the end of the transaction, always in this order: files
 * by id, then knowledge bases by id; jobs, documents and chunks come after them.
 */

/** Keeps files from being deleted or changed by anybody else. @returns those that there are */
export async function holdFiles(
  tx: EntityManager,
  tenantId: string,
  ids: readonly string[],
): Promise<ReadonlySet<string>> {
  const rows = await tx.query<{ id: string }[]>(
    'select id from memory.files where tenant_id = $1 and id = any($2) order by id for no key update',
    [tenantId, ids],
  );
  return new Set(rows.map(({ id }) => id));
}

/** Keeps knowledge bases from being deleted, and their documents from being added, changed or removed by anybody else. */
export async function holdKnowledgeBases(tx: EntityManager, tenantId: string, ids: readonly string[]): Promise<void> {
  await tx.query(
    'select id from memory.knowledge_bases where tenant_id = $1 and id = any($2) order by id for no key update',
    [tenantId, ids],
  );
}

/** The same for one that something is added to. @throws DomainError `not_found`, `knowledge_base_expired` */
export async function holdKnowledgeBase(tx: EntityManager, tenantId: string, id: string): Promise<void> {
  const rows = await tx.query<unknown[]>(
    'select id from memory.knowledge_bases where tenant_id = $1 and id = $2 for no key update',
    [tenantId, id],
  );
  if (rows.length === 0) throw noKnowledgeBase();
  await assertNotExpired(tx, tenantId, id);
}

export function noKnowledgeBase(): DomainError {
  return DomainError.notFound('vector store', 'vector_store_id');
}
