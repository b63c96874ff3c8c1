import { type CommandDefinition, TenantContext, type TenantContextFields } from '@parley/contracts';
import { type EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { ambientIds } from '../envelope.js';
import { outboxTable } from './outbox-ddl.js';
import { type StoredCommand } from './stored-command.js';

export interface AddOptions {
  /** Not sent before; default now. */
  dueAt?: Date;
  /** Adding the same id again changes nothing. Default: a new one. */
  messageId?: string;
}

/** A command that this relay alone may send until its lease ends. */
export interface ClaimedCommand extends StoredCommand {
  /** Failed tries at sending it. */
  failures: number;
}

export interface OutboxStatistics {
  /** Counted up to 10,000. */
  pending: number;
  oldestAgeMs: number;
}

interface Row {
  id: string;
  name: string;
  payload: unknown;
  tenant: TenantContextFields;
  request_id: string;
  traceparent: string | null;
  delivery_attempt: number;
  attempts: number;
}

/** Commands that wait to be sent, in the transaction of what caused them, whose trace their rows keep by a default. */
export class OutboxRepository {
  readonly #table: string;

  constructor(schema: string) {
    this.#table = outboxTable(schema);
  }

  /** @param tx the transaction whose commit makes the command real @returns its message id */
  async add<Payload extends object>(
    tx: EntityManager,
    definition: CommandDefinition<Payload>,
    payload: NoInfer<Payload>,
    tenant: TenantContext,
    { dueAt, messageId = uuidv7() }: AddOptions = {},
  ): Promise<string> {
    await tx.query(
      `insert into ${this.#table} (id, name, payload, tenant, request_id, due_at)
       values ($1, $2, $3::jsonb, $4::jsonb, $5, coalesce($6::timestamptz, now()))
       on conflict (id) do nothing`,
      [
        messageId,
        definition.name,
        JSON.stringify(payload),
        JSON.stringify(tenant),
        ambientIds().requestId,
        dueAt ?? null,
      ],
    );
    return messageId;
  }

  /** Many commands of one kind for one tenant, in one statement. */
  async addAll<Payload extends object>(
    tx: EntityManager,
    definition: CommandDefinition<Payload>,
    commands: readonly { messageId: string; payload: NoInfer<Payload> }[],
    tenant: TenantContext,
  ): Promise<void> {
    await tx.query(
      `insert into ${this.#table} (id, name, payload, tenant, request_id)
       select c.id, $1, c.payload, $2::jsonb, $3 from unnest($4::uuid[], $5::jsonb[]) as c(id, payload)
       on conflict (id) do nothing`,
      [
        definition.name,
        JSON.stringify(tenant),
        ambientIds().requestId,
        commands.map(({ messageId }) => messageId),
        commands.map(({ payload }) => JSON.stringify(payload)),
      ],
    );
  }

  /** Keeps a command that was delivered but not handled. Doing it twice for one delivery changes nothing. */
  async addRetry(tx: EntityManager, command: StoredCommand, dueAt: Date): Promise<void> {
    await tx.query(
      `insert into ${this.#table} as kept (id, name, payload, tenant, request_id, delivery_attempt, due_at, traceparent)
       values ($1, $2, $3::jsonb, $4::jsonb, $5, $6, $7, $8)
       on conflict (id) do update
         set delivery_attempt = excluded.delivery_attempt, due_at = excluded.due_at,
             attempts = 0, lease_until = null, lease_token = null, last_error = null, sent_at = null
         where kept.delivery_attempt < excluded.delivery_attempt`,
      [
        command.messageId,
        command.name,
        JSON.stringify(command.payload),
        JSON.stringify(command.tenant),
        command.requestId,
        command.attempt,
        dueAt,
        command.traceparent ?? null,
      ],
    );
  }

  /** Due commands, oldest first; rows that another relay holds are skipped. */
  async claim(
    tx: EntityManager,
    lease: { token: string; durationMs: number; limit: number },
  ): Promise<ClaimedCommand[]> {
    const [rows] = (await tx.query(
      `with due as (
         select id from ${this.#table}
         where sent_at is null and due_at <= now() and (lease_until is null or lease_until < now())
         order by due_at limit $3 for update skip locked)
       update ${this.#table} o
       set lease_token = $1, lease_until = now() + make_interval(secs => $2::double precision / 1000)
       from due where o.id = due.id
       returning o.id, o.name, o.payload, o.tenant, o.request_id, o.traceparent, o.delivery_attempt, o.attempts`,
      [lease.token, lease.durationMs, lease.limit],
    )) as [Row[], number];
    return rows.map(toCommand);
  }

  async markSent(tx: EntityManager, token: string, messageIds: readonly string[]): Promise<void> {
    await tx.query(
      `update ${this.#table} set sent_at = now(), lease_until = null, lease_token = null, last_error = null
       where id = any($1::uuid[]) and lease_token = $2`,
      [messageIds, token],
    );
  }

  async markFailed(
    tx: EntityManager,
    token: string,
    messageId: string,
    failure: { error: string; dueAt: Date },
  ): Promise<void> {
    await tx.query(
      `update ${this.#table}
       set attempts = attempts + 1, last_error = $3, due_at = $4, lease_until = null, lease_token = null
       where id = $1 and lease_token = $2`,
      [messageId, token, failure.error.slice(0, 500), failure.dueAt],
    );
  }

  /** Forgets at most `limit` commands sent before `before`. */
  async prune(tx: EntityManager, before: Date, limit: number): Promise<void> {
    await tx.query(
      `delete from ${this.#table} where id in
         (select id from ${this.#table} where sent_at < $1 order by sent_at limit $2 for update skip locked)`,
      [before, limit],
    );
  }

  async statistics(tx: EntityManager): Promise<OutboxStatistics> {
    const [row] = await tx.query<{ pending: number; oldest_age_ms: number }[]>(
      `select count(*)::int as pending,
              coalesce(extract(epoch from now() - min(due_at)) * 1000, 0)::double precision as oldest_age_ms
       from (select due_at from ${this.#table} where sent_at is null order by due_at limit 10000) waiting`,
    );
    return { pending: row?.pending ?? 0, oldestAgeMs: Math.max(0, row?.oldest_age_ms ?? 0) };
  }
}

function toCommand(row: Row): ClaimedCommand {
  return {
    messageId: row.id,
    name: row.name,
    payload: row.payload,
    tenant: TenantContext.of(row.tenant),
    requestId: row.request_id,
    traceparent: row.traceparent ?? undefined,
    attempt: row.delivery_attempt,
    failures: row.attempts,
  };
}
