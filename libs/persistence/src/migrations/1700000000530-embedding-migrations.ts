import { type MigrationInterface, type QueryRunner } from 'typeorm';
import { tenantIsolationSql } from '../tenant-isolation.js';
import { DELETE_CHUNKS as FIRST_DELETE_CHUNKS } from './1700000000320-memory-versions.js';

/** What the migrations of one knowledge base and its writers agree by: shared while vectors are written, exclusive to change spaces. */
const SPACES_LOCK = 530;
/** Shared while tables are deleted from, exclusive to drop one. */
const TABLES_LOCK = 531;

/**
 * A knowledge base on its way to another embedding space. While one is open (filling, ready, switched) vectors are kept in
 * both spaces. is_filled: the space that is not searched holds every searchable chunk. A closed one may still have
 * vectors to remove. Worked on under a lease, as ingestion jobs are. other_vector_weight is what was measured for the
 * space that is not searched; that of the other one is with the knowledge base.
 */
const MIGRATIONS = `
  alter table memory.knowledge_bases add column vector_weight real check (vector_weight between 0 and 1);
  create table memory.embedding_migrations (
    id uuid primary key,
    tenant_id uuid not null,
    knowledge_base_id uuid not null,
    from_space_id uuid not null references memory.embedding_spaces,
    to_space_id uuid not null references memory.embedding_spaces,
    status text not null default 'filling' check (status in
      ('filling', 'ready', 'switched', 'finished', 'rolled_back', 'cancelled', 'failed')),
    is_filled boolean not null default false,
    removing_space_id uuid references memory.embedding_spaces,
    other_vector_weight real check (other_vector_weight between 0 and 1),
    chunks_total integer not null default 0,
    chunks_filled integer not null default 0,
    error_code text,
    error_message text,
    failures integer not null default 0,
    lease_token uuid,
    lease_until timestamptz,
    heartbeat_at timestamptz,
    due_at timestamptz not null default now(),
    announced_at timestamptz not null default now(),
    created_at timestamptz not null default now(),
    ready_at timestamptz,
    switched_at timestamptz,
    finished_at timestamptz,
    unique (tenant_id, id),
    check (from_space_id <> to_space_id),
    foreign key (tenant_id, knowledge_base_id) references memory.knowledge_bases (tenant_id, id) on delete cascade
  );
  create unique index embedding_migrations_open on memory.embedding_migrations (knowledge_base_id)
    where status in ('filling', 'ready', 'switched') or removing_space_id is not null;
  create index embedding_migrations_of_knowledge_base
    on memory.embedding_migrations (tenant_id, knowledge_base_id, id);
  create index embedding_migrations_due on memory.embedding_migrations (due_at)
    where (status in ('filling', 'ready', 'switched') and not is_filled) or removing_space_id is not null;`;

/** Whether vectors of a knowledge base belong into a space; they do until the transaction ends. */
const KEEPS_VECTORS = `
  create function memory.keeps_vectors(p_tenant uuid, p_knowledge_base uuid, p_space uuid) returns boolean
    language plpgsql volatile set search_path = pg_catalog, pg_temp as $$
    begin
      perform pg_advisory_xact_lock_shared(${SPACES_LOCK}, hashtext(p_knowledge_base::text));
      return exists (select from memory.knowledge_bases k
          where k.tenant_id = p_tenant and k.id = p_knowledge_base and k.embedding_space_id = p_space)
        or exists (select from memory.embedding_migrations m
          where m.tenant_id = p_tenant and m.knowledge_base_id = p_knowledge_base
            and m.status in ('filling', 'ready', 'switched') and p_space in (m.from_space_id, m.to_space_id));
    end $$;`;

/**
 * Asked before a version is shown to searches, in the same transaction: the space that is searched, if vectors of the
 * version are missing there, else null. When they are missing in the other space of an open migration, it has to be
 * filled again.
 */
const SPACE_WITHOUT_VECTORS = `
  create function memory.space_without_vectors(
    p_tenant uuid, p_knowledge_base uuid, p_document uuid, p_version integer, p_chunks integer
  ) returns uuid
    language plpgsql volatile set search_path = pg_catalog, pg_temp as $$
    declare
      space record;
      found_chunks bigint;
      found_vectors bigint;
    begin
      perform pg_advisory_xact_lock_shared(${SPACES_LOCK}, hashtext(p_knowledge_base::text));
      select count(*) into found_chunks from memory.chunks c
        where c.tenant_id = p_tenant and c.document_id = p_document and c.version = p_version and c.ordinal < p_chunks;
      for space in
        select s.id, s.table_name, null::uuid as migration_id from memory.knowledge_bases k
          join memory.embedding_spaces s on s.id = k.embedding_space_id
          where k.tenant_id = p_tenant and k.id = p_knowledge_base
        union all
        select s.id, s.table_name, m.id from memory.embedding_migrations m
          join memory.embedding_spaces s
            on s.id = case m.status when 'switched' then m.from_space_id else m.to_space_id end
          where m.tenant_id = p_tenant and m.knowledge_base_id = p_knowledge_base
            and m.status in ('filling', 'ready', 'switched')
      loop
        execute format('select count(*) from memory.%I e
            where e.tenant_id = $1 and e.document_id = $2 and e.version = $3 and e.ordinal < $4', space.table_name)
          into found_vectors using p_tenant, p_document, p_version, p_chunks;
        continue when found_vectors >= found_chunks;
        if space.migration_id is null then return space.id; end if;
        update memory.embedding_migrations m
          set is_filled = false, status = case m.status when 'ready' then 'filling' else m.status end, due_at = now()
          where m.tenant_id = p_tenant and m.id = space.migration_id and m.is_filled;
      end loop;
      return null;
    end $$;`;

/** As jobs: what became free is announced at once, what nobody took up once a minute. */
const ANNOUNCE = `
  create function memory.announce_embedding_migrations(p_limit integer)
    returns table (tenant_id uuid, migration_id uuid)
    language sql security definer set search_path = pg_catalog, pg_temp as $$
      with free as (
        select m.id from memory.embedding_migrations m
        where ((m.status in ('filling', 'ready', 'switched') and not m.is_filled) or m.removing_space_id is not null)
          and m.due_at <= now() and (m.lease_until is null or m.lease_until < now())
          and (m.announced_at < greatest(m.due_at, m.lease_until, m.heartbeat_at)
            or m.announced_at < now() - interval '1 minute')
        order by m.due_at
        limit p_limit
        for update of m skip locked
      )
      update memory.embedding_migrations m set announced_at = now() from free where m.id = free.id
      returning m.tenant_id, m.id
    $$;`;

/**
 * Removes up to p_limit of a knowledge base's vectors from the space that it has left. A space that nobody uses any more
 * is retired and its table dropped, which spares the rest. The caller holds the lease. Returns how many were removed:
 * 0 when all are gone; null when the table is in use and has to be dropped later.
 */
const REMOVE_VECTORS = `
  create function memory.remove_left_vectors(p_tenant uuid, p_migration uuid, p_limit integer) returns integer
    language plpgsql security definer set search_path = pg_catalog, pg_temp set lock_timeout = '2s' as $$
    declare
      base uuid;
      space memory.embedding_spaces;
      removed integer;
    begin
      perform memory.assert_tenant(p_tenant);
      select m.knowledge_base_id into base from memory.embedding_migrations m
        where m.tenant_id = p_tenant and m.id = p_migration;
      select s.* into space from memory.embedding_migrations m
        join memory.embedding_spaces s on s.id = m.removing_space_id
        where m.tenant_id = p_tenant and m.id = p_migration for update of s;
      if not found or space.state = 'retired' then return 0; end if;
      if not exists (select from memory.knowledge_bases k where k.embedding_space_id = space.id)
        and not exists (select from memory.embedding_migrations m
          where m.status in ('filling', 'ready', 'switched') and space.id in (m.from_space_id, m.to_space_id)) then
        begin
          perform pg_advisory_xact_lock(${TABLES_LOCK}, 0);
          execute format('drop table memory.%I', space.table_name);
          update memory.embedding_spaces s set state = 'retired' where s.id = space.id;
          return 0;
        exception when lock_not_available then
          return null;
        end;
      end if;
      execute format('
        with gone as (
          select e.tenant_id, e.document_id, e.version, e.ordinal
          from memory.documents d cross join lateral (
            select * from memory.%1$I v where v.tenant_id = $1 and v.document_id = d.id limit $3
          ) e
          where d.tenant_id = $1 and d.knowledge_base_id = $2 limit $3
        )
        delete from memory.%1$I v using gone g
        where v.tenant_id = g.tenant_id and v.document_id = g.document_id and v.version = g.version
          and v.ordinal = g.ordinal', space.table_name)
        using p_tenant, base, p_limit;
      get diagnostics removed = row_count;
      return removed;
    end $$;`;

/** As before, but leaves out spaces whose table is gone, and holds the others' tables. */
const DELETE_CHUNKS = `
  create or replace function memory.delete_chunks(
    p_tenant uuid, p_documents uuid[], p_keep_version integer default null, p_keep_below integer default null
  ) returns void
    language plpgsql set search_path = pg_catalog, pg_temp as $$
    declare
      chunk_table text;
    begin
      perform pg_advisory_xact_lock_shared(${TABLES_LOCK}, 0);
      for chunk_table in
        select 'chunks' union all select s.table_name from memory.embedding_spaces s where s.state <> 'retired'
      loop
        execute format('
          delete from memory.%I where tenant_id = $1 and document_id = any($2)
            and (version is distinct from $3 or ordinal >= $4)', chunk_table)
          using p_tenant, p_documents, p_keep_version, p_keep_below;
      end loop;
    end $$;`;

const ACCESS = `
  revoke execute on function memory.keeps_vectors, memory.space_without_vectors, memory.announce_embedding_migrations,
    memory.remove_left_vectors from public;
  grant execute on function memory.keeps_vectors, memory.space_without_vectors to parley_memory, parley_worker;
  grant execute on function memory.announce_embedding_migrations to parley_memory;
  grant execute on function memory.remove_left_vectors to parley_worker;`;

const FUNCTIONS = [KEEPS_VECTORS, SPACE_WITHOUT_VECTORS, ANNOUNCE, REMOVE_VECTORS, DELETE_CHUNKS, ACCESS];

export class EmbeddingMigrations1700000000530 implements MigrationInterface {
  name = 'EmbeddingMigrations1700000000530';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('set local role parley_owner');
    await queryRunner.query(MIGRATIONS);
    const access = { parley_memory: 'select, insert, update, delete', parley_worker: 'select, update' };
    await queryRunner.query(tenantIsolationSql('memory.embedding_migrations', access));
    for (const ddl of FUNCTIONS) await queryRunner.query(ddl);
    await queryRunner.query('set local role none');
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('set local role parley_owner');
    await queryRunner.query(FIRST_DELETE_CHUNKS.replace('create function', 'create or replace function'));
    await queryRunner.query(`
      drop function memory.remove_left_vectors, memory.announce_embedding_migrations, memory.space_without_vectors,
        memory.keeps_vectors`);
    await queryRunner.query('drop table memory.embedding_migrations');
    await queryRunner.query('alter table memory.knowledge_bases drop column vector_weight');
    await queryRunner.query('set local role none');
  }
}
