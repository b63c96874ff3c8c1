import { DomainError } from '@parley/contracts';
import { type EntityManager } from 'typeorm';

/** Whether a row k of the knowledge bases has expired, in SQL; never null. */
export const IS_EXPIRED = `coalesce(k.last_active_at + make_interval(days => k.expires_after_days) <= now(), false)`;

/** @throws DomainError `knowledge_base_expired` */
export async function assertNotExpired(tx: EntityManager, tenantId: string, id: string): Promise<void> {
  if (await isExpired(tx, tenantId, id)) throw expired('vector_store_id');
}

export async function isExpired(tx: EntityManager, tenantId: string, id: string): Promise<boolean> {
  const rows = await tx.query<unknown[]>(
    `select from memory.knowledge_bases k where k.tenant_id = $1 and k.id = $2 and ${IS_EXPIRED}`,
    [tenantId, id],
  );
  return rows.length > 0;
}

export function expired(param: string): DomainError {
  return new DomainError('knowledge_base_expired', 'The vector store has expired.', { param });
}
