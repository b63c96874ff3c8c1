import { Injectable } from '@nestjs/common';
import { DomainError, type Page, type PageRequest, type TenantContext } from '@parley/contracts';
import { Database } from '@parley/persistence';
import { type EntityManager } from 'typeorm';
import { type EmbeddingMigration } from './embedding-migration.js';
import { missingVectors, OPEN, SPACES_LOCK, spaceJson } from './migration-sql.js';

/** Questions that were embedded just before the end may still be on their way to the old table. */
const REMOVAL_DELAY = `interval '5 seconds'`;

export interface NewMigration {
  id: string;
  knowledgeBaseId: string;
  toSpaceId: string;
}

export interface MigrationKey {
  knowledgeBaseId: string;
  id: string;
}

/**
 * Moves knowledge bases to other embedding spaces. Whoever changes the spaces of a knowledge base waits for the vectors
 * and versions that are being written, and those who come after see the change: see `memory.keeps_vectors`.
 */
@Injectable()
export class EmbeddingMigrations {
  constructor(private readonly database: Database) {}

  /**
   * From now on vectors are written to both spaces. The caller tells the workers in the same transaction.
   * @throws DomainError `not_found`; `conflict` when it is there already, has no space yet or is on its way to another one
   */
  async start(tx: EntityManager, tenant: TenantContext, migration: NewMigration): Promise<EmbeddingMigration> {
    const { id, knowledgeBaseId, toSpaceId } = migration;
    const base = await holdSpaces(tx, tenant, knowledgeBaseId);
    const again = await find(tx, tenant, migration);
    if (again !== undefined) return again;
    if (base.spaceId === null) throw new DomainError('conflict', 'The knowledge base has no embedding space yet.');
    if (base.spaceId === toSpaceId)
      throw new DomainError('conflict', 'The knowledge base uses this embedding model already.');
    const [open] = await tx.query<{ id: string }[]>(
      `select id from memory.embedding_migrations
       where tenant_id = $1 and knowledge_base_id = $2 and (status in ${OPEN} or removing_space_id is not null)`,
      [tenant.tenantId, knowledgeBaseId],
    );
    if (open !== undefined) {
      throw new DomainError('conflict', 'The knowledge base has an embedding migration that is not over yet.');
    }
    await tx.query(
      `insert into memory.embedding_migrations (id, tenant_id, knowledge_base_id, from_space_id, to_space_id, chunks_total)
       select $1, $2, $3, $4, $5, coalesce(sum(d.chunk_count), 0) from memory.documents d
       where d.tenant_id = $2 and d.knowledge_base_id = $3 and d.active_version is not null`,
      [id, tenant.tenantId, knowledgeBaseId, base.spaceId, toSpaceId],
    );
    const started = (await find(tx, tenant, migration))!;
    if (started.to.state === 'retired') throw retired();
    return started;
  }

  /** @throws DomainError `not_found` */
  get(tenant: TenantContext, key: MigrationKey): Promise<EmbeddingMigration> {
    return this.database.withTenant(tenant, (tx) => get(tx, tenant, key));
  }

  /** Ids are in the order of creation. @throws DomainError `not_found` for the knowledge base */
  list(tenant: TenantContext, knowledgeBaseId: string, page: PageRequest): Promise<Page<EmbeddingMigration>> {
    const { limit, order, after, before } = page;
    const backwards = before !== undefined && after === undefined;
    const [above, below] = order === 'asc' ? [after, before] : [before, after];
    const direction = (order === 'asc') !== backwards ? 'asc' : 'desc';
    return this.database.withTenant(tenant, async (tx) => {
      const base = 'select id from memory.knowledge_bases where tenant_id = $1 and id = $2';
      const [known] = await tx.query<unknown[]>(base, [tenant.tenantId, knowledgeBaseId]);
      if (known === undefined) throw DomainError.notFound('vector store', 'vector_store_id');
      const rows = await tx.query<EmbeddingMigration[]>(
        `${SELECT} and ($3::uuid is null or m.id > $3) and ($4::uuid is null or m.id < $4)
         order by m.id ${direction} limit $5`,
        [tenant.tenantId, knowledgeBaseId, above ?? null, below ?? null, limit + 1],
      );
      const data = rows.slice(0, limit);
      return { data: backwards ? data.reverse() : data, hasMore: rows.length > limit };
    });
  }

  /**
   * Searches move to the new space, or back to the old one, all at once; both are kept up to date. Twice is once.
   * @throws DomainError `not_found`; `conflict` when the space to be searched is not complete, saying what is missing
   */
  switch(tenant: TenantContext, key: MigrationKey): Promise<EmbeddingMigration> {
    return this.#change(tenant, key, async (tx, migration) => {
      if (migration.status === 'switched') return;
      assertStatus(migration, ['ready'], 'switched');
      await assertComplete(tx, tenant, migration, 'to');
      await moveSearch(tx, tenant, migration, 'to');
      await update(tx, migration, `status = 'switched', switched_at = clock_timestamp()`);
    });
  }

  /** Back to the old space; the vectors in the new one are removed. Otherwise as `switch`. */
  rollBack(tenant: TenantContext, key: MigrationKey): Promise<EmbeddingMigration> {
    return this.#change(tenant, key, async (tx, migration) => {
      if (migration.status === 'rolled_back') return;
      assertStatus(migration, ['switched'], 'rolled back');
      await assertComplete(tx, tenant, migration, 'from');
      await moveSearch(tx, tenant, migration, 'from');
      await update(tx, migration, close('rolled_back', 'to'));
    });
  }

  /** The old space is given up and its vectors are removed: there is no way back but another migration. */
  finish(tenant: TenantContext, key: MigrationKey): Promise<EmbeddingMigration> {
    return this.#change(tenant, key, async (tx, migration) => {
      if (migration.status === 'finished') return;
      assertStatus(migration, ['switched'], 'finished');
      await update(tx, migration, close('finished', 'from'));
    });
  }

  /** Given up before the switch; what was filled is removed. */
  cancel(tenant: TenantContext, key: MigrationKey): Promise<EmbeddingMigration> {
    return this.#change(tenant, key, async (tx, migration) => {
      if (migration.status === 'cancelled') return;
      assertStatus(migration, ['filling', 'ready'], 'cancelled');
      await update(tx, migration, close('cancelled', 'to'));
    });
  }

  #change(
    tenant: TenantContext,
    key: MigrationKey,
    change: (tx: EntityManager, migration: EmbeddingMigration) => Promise<void>,
  ): Promise<EmbeddingMigration> {
    return this.database.withTenant(tenant, async (tx) => {
      await holdSpaces(tx, tenant, key.knowledgeBaseId);
      await tx.query('select id from memory.embedding_migrations where tenant_id = $1 and id = $2 for update', [
        tenant.tenantId,
        key.id,
      ]);
      await change(tx, await get(tx, tenant, key));
      return get(tx, tenant, key);
    });
  }
}

const SELECT = `
  select m.id, m.knowledge_base_id as "knowledgeBaseId", ${spaceJson('f')} as "from", ${spaceJson('t')} as "to", m.status,
    m.is_filled as "isFilled", m.removing_space_id is not null as "isRemoving", m.chunks_total as "chunksTotal",
    m.chunks_filled as "chunksFilled", m.due_at as "dueAt", m.created_at as "createdAt", m.ready_at as "readyAt",
    m.switched_at as "switchedAt", m.finished_at as "finishedAt",
    case when m.error_code is not null then jsonb_build_object('code', m.error_code, 'message', m.error_message) end as error
  from memory.embedding_migrations m
  join memory.embedding_spaces f on f.id = m.from_space_id
  join memory.embedding_spaces t on t.id = m.to_space_id
  where m.tenant_id = $1 and m.knowledge_base_id = $2`;

async function find(
  tx: EntityManager,
  tenant: TenantContext,
  { knowledgeBaseId, id }: MigrationKey,
): Promise<EmbeddingMigration | undefined> {
  const rows = await tx.query<EmbeddingMigration[]>(`${SELECT} and m.id = $3`, [tenant.tenantId, knowledgeBaseId, id]);
  return rows[0];
}

async function get(tx: EntityManager, tenant: TenantContext, key: MigrationKey): Promise<EmbeddingMigration> {
  const migration = await find(tx, tenant, key);
  if (migration === undefined) throw DomainError.notFound('embedding migration', 'embedding_migration_id');
  return migration;
}

/** Nothing is written to the knowledge base's spaces, and no version becomes searchable, until the transaction ends. */
async function holdSpaces(
  tx: EntityManager,
  tenant: TenantContext,
  knowledgeBaseId: string,
): Promise<{ spaceId: string | null }> {
  const [base] = await tx.query<{ spaceId: string | null }[]>(
    `select embedding_space_id as "spaceId" from memory.knowledge_bases
     where tenant_id = $1 and id = $2 for no key update`,
    [tenant.tenantId, knowledgeBaseId],
  );
  if (base === undefined) throw DomainError.notFound('vector store', 'vector_store_id');
  await tx.query(`select pg_advisory_xact_lock(${SPACES_LOCK}, hashtext($1))`, [knowledgeBaseId]);
  return base;
}

function assertStatus({ status }: EmbeddingMigration, expected: EmbeddingMigration['status'][], done: string): void {
  if (expected.includes(status)) return;
  const hint = status === 'filling' ? ' Wait until it is ready.' : '';
  throw new DomainError('conflict', `A migration that is ${status.replace('_', ' ')} cannot be ${done}.${hint}`);
}

async function assertComplete(
  tx: EntityManager,
  tenant: TenantContext,
  migration: EmbeddingMigration,
  side: 'from' | 'to',
): Promise<void> {
  const { model, tableName } = migration[side];
  const [missing] = await tx.query<{ chunks: number; documents: number }[]>(
    `select count(*)::integer as chunks, count(distinct d.id)::integer as documents from ${missingVectors(tableName)}`,
    [tenant.tenantId, migration.knowledgeBaseId],
  );
  const { chunks, documents } = missing!;
  if (chunks === 0) return;
  throw new DomainError(
    'conflict',
    `${chunks} chunks of ${documents} files are not embedded with ${model} yet. They are being embedded; try again.`,
  );
}

/** What was measured for each space stays with it. */
async function moveSearch(
  tx: EntityManager,
  tenant: TenantContext,
  migration: EmbeddingMigration,
  side: 'from' | 'to',
): Promise<void> {
  await tx.query(
    `with weights as (
       select k.vector_weight as searched, m.other_vector_weight as other
       from memory.knowledge_bases k join memory.embedding_migrations m on m.tenant_id = k.tenant_id and m.id = $4
       where k.tenant_id = $1 and k.id = $2
     ), moved as (
       update memory.knowledge_bases k set embedding_space_id = $3, vector_weight = w.other, updated_at = now()
       from weights w where k.tenant_id = $1 and k.id = $2
     )
     update memory.embedding_migrations m set other_vector_weight = w.searched
     from weights w where m.tenant_id = $1 and m.id = $4`,
    [tenant.tenantId, migration.knowledgeBaseId, migration[side].id, migration.id],
  );
}

const close = (status: EmbeddingMigration['status'], left: 'from' | 'to') => `
  status = '${status}', removing_space_id = ${left}_space_id, finished_at = clock_timestamp(), lease_token = null,
  lease_until = null, failures = 0, error_code = null, error_message = null, due_at = now() + ${REMOVAL_DELAY}`;

async function update(tx: EntityManager, { id }: EmbeddingMigration, set: string): Promise<void> {
  await tx.query(`update memory.embedding_migrations set ${set} where id = $1`, [id]);
}

/** Its table is being dropped: the next try makes a new one. */
function retired(): DomainError {
  return new DomainError('conflict', 'The embedding space was just given up by its last user. Try again.');
}
