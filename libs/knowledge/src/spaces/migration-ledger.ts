import { Injectable } from '@nestjs/common';
import { type TenantContext } from '@parley/contracts';
import { Database } from '@parley/persistence';
import { type EntityManager } from 'typeorm';
import { v4 as uuidv4 } from 'uuid';
import {
  type MigrationClaim,
  type MigrationLease,
  MigrationLostError,
  type MissingVector,
} from './embedding-migration.js';
import { missingVectors, OPEN, OTHER_SPACE, SPACES_LOCK, spaceJson } from './migration-sql.js';
import { vectorText } from './vector-text.js';

/** What is read, embedded and held at a time; of the longest chunks some 5 MB, and as much of their vectors. */
const CHUNKS_PER_BATCH = 256;
const REMOVED_PER_BATCH = 2_000;
const MAX_MESSAGE_CHARACTERS = 1_000;

export interface FilledVector extends Omit<MissingVector, 'text'> {
  embedding: ArrayLike<number>;
}

/** What a worker does for a migration. Rows are locked in the order knowledge base, migration, documents, vectors. */
@Injectable()
export class MigrationLedger {
  constructor(private readonly database: Database) {}

  /** Takes a migration that has something to do, unless a live worker has it. */
  claim(tenant: TenantContext, migrationId: string, { leaseMs }: { leaseMs: number }): Promise<MigrationClaim> {
    return this.database.withTenant(tenant, async (tx) => {
      const [row] = await tx.query<{ isLeased: boolean }[]>(
        `select coalesce(lease_until > clock_timestamp(), false) as "isLeased" from memory.embedding_migrations m
         where tenant_id = $1 and id = $2
           and (status in ${OPEN} and not is_filled or removing_space_id is not null) for update`,
        [tenant.tenantId, migrationId],
      );
      if (row === undefined) return { outcome: 'nothing to do' };
      if (row.isLeased) return { outcome: 'busy' };
      const token = uuidv4();
      const [work] = await tx.query<
        Pick<MigrationLease, 'knowledgeBaseId' | 'failures' | 'space' | 'task' | 'status'>[]
      >(TAKE, [tenant.tenantId, migrationId, token, leaseMs]);
      return { outcome: 'claimed', lease: { migrationId, token, tenant, leaseMs, ...work! } };
    });
  }

  /** Whether the lease is still there: a read, while a heartbeat is a write. */
  async holds({ tenant, migrationId, token }: MigrationLease): Promise<boolean> {
    const held = await this.database.withTenant(tenant, (tx) =>
      tx.query<unknown[]>(
        'select 1 from memory.embedding_migrations where tenant_id = $1 and id = $2 and lease_token = $3',
        [tenant.tenantId, migrationId, token],
      ),
    );
    return held.length > 0;
  }

  /** Says that the worker lives and renews the lease. @throws MigrationLostError */
  heartbeat(lease: MigrationLease): Promise<void> {
    return this.database.withTenant(lease.tenant, (tx) => renew(tx, lease));
  }

  /** Counts what is there, for the progress; once at the beginning, because it reads all keys. @throws MigrationLostError */
  measure(lease: MigrationLease): Promise<void> {
    return this.database.withTenant(lease.tenant, async (tx) => {
      const { total, missing } = await count(tx, lease);
      await renew(tx, lease, { chunks_total: total, chunks_filled: Math.max(0, total - missing) });
    });
  }

  /** The next chunks without a vector, in the order of documents; those of `after`'s document are among them. */
  missing(lease: MigrationLease, after: MissingVector | undefined): Promise<MissingVector[]> {
    return this.database.withTenant(lease.tenant, (tx) =>
      tx.query(
        `select d.id as "documentId", d.active_version as version, c.ordinal, c.text
         from memory.documents d cross join lateral (
           select c.ordinal, c.text from memory.chunks c
           where c.tenant_id = $1 and c.document_id = d.id and c.version = d.active_version
             and (d.id <> $3 or c.ordinal > $4)
             and not exists (select from memory.${lease.space.tableName} e where e.tenant_id = $1
               and e.document_id = d.id and e.version = d.active_version and e.ordinal = c.ordinal)
           order by c.ordinal limit ${CHUNKS_PER_BATCH}
         ) c
         where d.tenant_id = $1 and d.knowledge_base_id = $2 and d.active_version is not null and d.id >= $3
         order by d.id, c.ordinal limit ${CHUNKS_PER_BATCH}`,
        [lease.tenant.tenantId, lease.knowledgeBaseId, after?.documentId ?? FIRST, after?.ordinal ?? -1],
      ),
    );
  }

  /**
   * Stores vectors of chunks that are still searchable, counts them and renews the lease.
   * @throws MigrationLostError
   */
  write(lease: MigrationLease, vectors: readonly FilledVector[]): Promise<void> {
    const { tenant, knowledgeBaseId, space } = lease;
    const columns = [
      vectors.map(({ documentId }) => documentId),
      vectors.map(({ version }) => version),
      vectors.map(({ ordinal }) => ordinal),
      vectors.map(({ embedding }) => vectorText(embedding)),
    ];
    return this.database.withTenant(tenant, async (tx) => {
      await holdKnowledgeBase(tx, lease);
      await renew(tx, lease, NO_ERROR);
      const inserted = await tx.query<unknown[]>(
        `with document as materialized (
           select d.id, d.active_version from memory.documents d
           where d.tenant_id = $1 and d.id = any($3::uuid[]) order by d.id for share
         )
         insert into memory.${space.tableName} (tenant_id, document_id, version, knowledge_base_id, ordinal, embedding)
         select $1::uuid, v.document_id, v.version, $2::uuid, v.ordinal, v.embedding::halfvec
         from unnest($3::uuid[], $4::integer[], $5::integer[], $6::text[]) as v(document_id, version, ordinal, embedding)
         join document d on d.id = v.document_id and d.active_version = v.version
         on conflict (tenant_id, document_id, version, ordinal) do nothing
         returning 1`,
        [tenant.tenantId, knowledgeBaseId, ...columns],
      );
      await tx.query(
        `update memory.embedding_migrations set chunks_filled = least(chunks_total, chunks_filled + $3)
         where tenant_id = $1 and id = $2`,
        [tenant.tenantId, lease.migrationId, inserted.length],
      );
    });
  }

  /**
   * Ends the work if no searchable chunk is without a vector; no version becomes searchable meanwhile.
   * @returns whether it is done
   * @throws MigrationLostError
   */
  complete(lease: MigrationLease): Promise<boolean> {
    return this.database.withTenant(lease.tenant, async (tx) => {
      await holdKnowledgeBase(tx, lease);
      await tx.query(`select pg_advisory_xact_lock(${SPACES_LOCK}, hashtext($1))`, [lease.knowledgeBaseId]);
      const { total, missing } = await count(tx, lease);
      const measured = { chunks_total: total, chunks_filled: Math.max(0, total - missing) };
      if (missing > 0) {
        await renew(tx, lease, measured);
        return false;
      }
      const status = lease.status === 'filling' ? { status: 'ready', ready_at: new Date() } : {};
      await renew(tx, lease, { ...measured, ...status, is_filled: true, ...NO_ERROR, ...NO_LEASE });
      return true;
    });
  }

  /**
   * Removes some of the vectors that were left.
   * @returns `in use` when a table was to be dropped that somebody reads just now
   * @throws MigrationLostError
   */
  removeSome(lease: MigrationLease): Promise<'more' | 'done' | 'in use'> {
    return this.database.withTenant(lease.tenant, async (tx) => {
      await holdKnowledgeBase(tx, lease);
      await renew(tx, lease);
      const [row] = await tx.query<{ removed: number | null }[]>(
        'select memory.remove_left_vectors($1, $2, $3) as removed',
        [lease.tenant.tenantId, lease.migrationId, REMOVED_PER_BATCH],
      );
      const { removed } = row!;
      if (removed !== 0) return removed === null ? 'in use' : 'more';
      await renew(tx, lease, { removing_space_id: null, ...NO_LEASE });
      return 'done';
    });
  }

  /** Gives the work back, to be taken up again then. A failure is counted unless there is none. */
  release(lease: MigrationLease, dueAt: Date, error?: { code: string; message: string }): Promise<void> {
    return this.database.withTenant(lease.tenant, (tx) =>
      renew(tx, lease, {
        due_at: dueAt,
        ...NO_LEASE,
        ...(error && { failures: lease.failures + 1, ...errorColumns(error) }),
      }),
    );
  }

  /** Ends a migration that cannot succeed: the search stays where it is, and what was filled is removed. */
  fail(lease: MigrationLease, error: { code: string; message: string }): Promise<void> {
    return this.database.withTenant(lease.tenant, (tx) =>
      renew(tx, lease, {
        status: 'failed',
        removing_space_id: lease.space.id,
        finished_at: new Date(),
        due_at: new Date(),
        ...NO_LEASE,
        ...errorColumns(error),
      }),
    );
  }
}

const NO_LEASE = { lease_token: null, lease_until: null };
const NO_ERROR = { failures: 0, error_code: null, error_message: null };
const FIRST = '00000000-0000-0000-0000-000000000000';

const TAKE = `
  with taken as (
    update memory.embedding_migrations
    set lease_token = $3, lease_until = clock_timestamp() + $4 * interval '1 millisecond', heartbeat_at = clock_timestamp()
    where tenant_id = $1 and id = $2
    returning *
  )
  select m.knowledge_base_id as "knowledgeBaseId", m.failures, m.status, ${spaceJson('s')} as space,
    case when m.removing_space_id is null then 'fill' else 'remove' end as task
  from taken m join memory.embedding_spaces s on s.id = coalesce(m.removing_space_id, ${OTHER_SPACE})`;

async function count(tx: EntityManager, lease: MigrationLease): Promise<{ total: number; missing: number }> {
  const [chunks] = await tx.query<{ total: number; missing: number }[]>(
    `select (select coalesce(sum(d.chunk_count), 0)::integer from memory.documents d
         where d.tenant_id = $1 and d.knowledge_base_id = $2 and d.active_version is not null) as total,
       (select count(*)::integer from ${missingVectors(lease.space.tableName)}) as missing`,
    [lease.tenant.tenantId, lease.knowledgeBaseId],
  );
  return chunks!;
}

/** Keeps the knowledge base from being removed, which would leave vectors of removed documents behind. */
async function holdKnowledgeBase(tx: EntityManager, lease: MigrationLease): Promise<void> {
  const [base] = await tx.query<unknown[]>(
    'select id from memory.knowledge_bases where tenant_id = $1 and id = $2 for key share',
    [lease.tenant.tenantId, lease.knowledgeBaseId],
  );
  if (base === undefined) throw new MigrationLostError(lease);
}

/** @param columns to be set as well; their names are ours */
async function renew(tx: EntityManager, lease: MigrationLease, columns: Record<string, unknown> = {}): Promise<void> {
  const names = Object.keys(columns).map((name, index) => `${name} = $${index + 5}`);
  if (!('lease_until' in columns)) names.push(`lease_until = clock_timestamp() + $4 * interval '1 millisecond'`);
  const renewed = await tx.query<unknown[]>(
    `with renewed as (
       update memory.embedding_migrations set heartbeat_at = clock_timestamp(), ${names.join(', ')}
       where tenant_id = $1 and id = $2 and lease_token = $3 and $4::integer > 0 returning 1
     )
     select * from renewed`,
    [lease.tenant.tenantId, lease.migrationId, lease.token, lease.leaseMs, ...Object.values(columns)],
  );
  if (renewed.length === 0) throw new MigrationLostError(lease);
}

function errorColumns({ code, message }: { code: string; message: string }): Record<string, string> {
  return { error_code: code, error_message: message.slice(0, MAX_MESSAGE_CHARACTERS) };
}
