import { type Connection } from './connection.repository.js';

/** The audit log of one tenant, as its chain of hashes shows it. */
export interface AuditChain {
  tenantId: string;
  events: number;
  newest: number;
  newestHash: string;
  /** The first event that was changed, or before which one is missing; null when all fit. */
  brokenAt: number | null;
}

export async function verifyAudit(connection: Connection): Promise<AuditChain[]> {
  await connection.query('begin; set local role parley_owner');
  const rows = await connection.query<Record<'tenant_id' | 'newest_hash', string> & Record<string, string | null>>(
    'select * from identity.verify_audit() order by tenant_id',
  );
  await connection.query('commit');
  return rows.map(({ tenant_id, events, newest, newest_hash, broken_at }) => ({
    tenantId: tenant_id,
    events: Number(events),
    newest: Number(newest),
    newestHash: newest_hash,
    brokenAt: broken_at === null ? null : Number(broken_at),
  }));
}

/** Whether the events that were newest at another time are still what they were. @returns those that are not */
export async function changedSince(connection: Connection, noted: AuditChain[]): Promise<AuditChain[]> {
  await connection.query('begin; set local role parley_owner');
  const rows = await connection.query<{ tenant_id: string; sequence: string; hash: string }>(
    `select e.tenant_id, e.sequence, encode(e.hash, 'hex') as hash
     from jsonb_to_recordset($1::jsonb) as n (tenant uuid, sequence bigint)
     join identity.audit_events e on e.tenant_id = n.tenant and e.sequence = n.sequence`,
    [JSON.stringify(noted.map(({ tenantId, newest }) => ({ tenant: tenantId, sequence: newest })))],
  );
  await connection.query('commit');
  const hashes = new Map(rows.map(({ tenant_id, hash }) => [tenant_id, hash]));
  return noted.filter(({ tenantId, newestHash }) => hashes.get(tenantId) !== newestHash);
}
