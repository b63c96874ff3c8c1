import { type Connection } from './connection.repository.js';

const ROWS_PER_BATCH = 1_000;

/** What grows for ever when nobody removes it, and since when a row counts as old. */
export const RETENTION_RULES = {
  /** Of versions that a newer one has followed; the latest says how its document fared. */
  jobs: `memory.ingestion_jobs t where t.finished_at < $1 and t.dead_lettered_at is null
    and exists (select from memory.documents d where d.id = t.document_id and d.latest_version > t.version)`,
  /** With their messages and feedback; not those that an answer is under way in. */
  conversations: `chat.conversations t where t.updated_at < $1
    and not exists (select from chat.runs r where r.conversation_id = t.id and r.finished_at is null)`,
  usage: 'chat.usage_records t where t.created_at < $1',
  /** From the beginning on, and never the newest, which the next one follows. */
  audit: `identity.audit_events t where t.at < $1
    and t.sequence < (select max(n.sequence) from identity.audit_events n where n.tenant_id = t.tenant_id)`,
} as const;

export type RetentionRule = keyof typeof RETENTION_RULES;

export async function countOld(connection: Connection, rule: RetentionRule, before: Date): Promise<number> {
  await connection.query('begin; set local role parley_owner');
  const [row] = await connection.query<{ rows: string }>(`select count(*) as rows from ${RETENTION_RULES[rule]}`, [
    before,
  ]);
  await connection.query('commit');
  return Number(row!.rows);
}

/** A bounded step, so that nobody waits for it; what somebody else holds is left for the next time. @returns how many went */
export async function removeOld(connection: Connection, rule: RetentionRule, before: Date): Promise<number> {
  const from = RETENTION_RULES[rule];
  const [table] = from.split(' ');
  await connection.query('begin; set local role parley_owner');
  const removed = await connection.query(
    `delete from ${table} where ctid = any(array(
       select t.ctid from ${from} limit ${ROWS_PER_BATCH} for update of t skip locked)) returning 1`,
    [before],
  );
  await connection.query('commit');
  return removed.length;
}
