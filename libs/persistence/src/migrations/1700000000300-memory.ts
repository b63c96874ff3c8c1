import { type MigrationInterface, type QueryRunner } from 'typeorm';
import { tenantIsolationSql } from '../tenant-isolation.js';

const PARTITIONS = 8;

/** Keys hold the tenant too, so that a row can only refer to rows of its own tenant. */
const FILES_AND_KNOWLEDGE_BASES = `
  create table memory.files (
    id uuid primary key,
    tenant_id uuid not null,
    filename text not null,
    content_type text not null,
    bytes bigint not null,
    sha256 text not null,
    purpose text not null,
    blob_key text not null,
    created_at timestamptz not null default now(),
    unique (tenant_id, id)
  );
  create table memory.embedding_spaces (
    id uuid primary key,
    model text not null,
    dimensions integer not null check (dimensions between 1 and 4000),
    state text not null check (state in ('building', 'active', 'retired')),
    table_name text not null unique check (table_name ~ '^embeddings_[0-9a-f]{32}$'),
    vector_weight real not null check (vector_weight between 0 and 1),
    created_at timestamptz not null default now()
  );
  create unique index embedding_spaces_in_use on memory.embedding_spaces (model, dimensions) where state <> 'retired';
  create table memory.knowledge_bases (
    id uuid primary key,
    tenant_id uuid not null,
    name text not null,
    description text,
    metadata jsonb not null default '{}',
    embedding_space_id uuid references memory.embedding_spaces,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    last_active_at timestamptz not null default now(),
    unique (tenant_id, id)
  );`;

/** A document is a file in a knowledge base; search shows the chunks of its active version, null before the first. */
const DOCUMENTS = `
  create table memory.documents (
    id uuid primary key,
    tenant_id uuid not null,
    knowledge_base_id uuid not null,
    file_id uuid not null,
    status text not null default 'queued' check (status in
      ('queued', 'parsing', 'embedding', 'indexing', 'completed', 'failed', 'cancelled')),
    error_code text,
    error_message text,
    progress_percent smallint not null default 0 check (progress_percent between 0 and 100),
    attributes jsonb not null default '{}',
    chunking jsonb,
    latest_version integer not null default 0,
    active_version integer,
    chunk_count integer not null default 0,
    usage_bytes bigint not null default 0,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    unique (tenant_id, id),
    unique (knowledge_base_id, file_id),
    foreign key (tenant_id, knowledge_base_id) references memory.knowledge_bases (tenant_id, id),
    foreign key (tenant_id, file_id) references memory.files (tenant_id, id)
  );
  create index documents_of_knowledge_base on memory.documents (tenant_id, knowledge_base_id, id);
  create index documents_of_file on memory.documents (tenant_id, file_id);
  create index documents_by_attributes on memory.documents using gin (attributes jsonb_path_ops);`;

const INGESTION_JOBS = `
  create table memory.ingestion_jobs (
    id uuid primary key,
    tenant_id uuid not null,
    document_id uuid not null,
    version integer not null,
    status text not null default 'queued' check (status in
      ('queued', 'parsing', 'embedding', 'indexing', 'completed', 'failed', 'cancelled')),
    attempt integer not null default 0,
    max_attempts integer not null default 5,
    lease_token uuid,
    lease_until timestamptz,
    heartbeat_at timestamptz,
    due_at timestamptz not null default now(),
    progress_percent smallint not null default 0 check (progress_percent between 0 and 100),
    chunks_total integer,
    chunks_written integer not null default 0,
    language text,
    error_code text,
    error_message text,
    created_at timestamptz not null default now(),
    started_at timestamptz,
    finished_at timestamptz,
    unique (document_id, version),
    foreign key (tenant_id, document_id) references memory.documents (tenant_id, id) on delete cascade
  );
  create index ingestion_jobs_unfinished on memory.ingestion_jobs (due_at)
    where status in ('queued', 'parsing', 'embedding', 'indexing');`;

/**
 * Ranking reads bm25 of every candidate, so it stays in the row while text and lexical move out of it.
 * lexical holds the chunk's terms and, as one more lexeme, its knowledge base: the index finds both at once.
 * length is in terms; bm25 is explained at lexical_candidates.
 */
const CHUNKS = `
  create table memory.chunks (
    tenant_id uuid not null,
    document_id uuid not null,
    version integer not null,
    ordinal integer not null check (ordinal >= 0),
    id uuid not null,
    knowledge_base_id uuid not null,
    token_count integer not null,
    length integer not null,
    language text not null,
    locator jsonb not null,
    text text not null,
    lexical tsvector not null,
    bm25 public.sparsevec not null,
    primary key (tenant_id, document_id, version, ordinal)
  ) partition by hash (tenant_id);
  alter table memory.chunks alter column lexical set storage external, alter column bm25 set storage main;
  create index chunks_by_term on memory.chunks using gin (lexical);`;

/** Appended, never updated: sums over the rows of a key are its count. Removals append negative rows. */
const LEXICAL_STATISTICS = `
  create table memory.lexical_terms (
    tenant_id uuid not null,
    knowledge_base_id uuid not null,
    term text collate "C" not null,
    chunks integer not null
  );
  create index lexical_terms_by_term on memory.lexical_terms (tenant_id, knowledge_base_id, term) include (chunks);
  create table memory.lexical_totals (
    tenant_id uuid not null,
    knowledge_base_id uuid not null,
    language text not null,
    chunks integer not null,
    length bigint not null
  );
  create index lexical_totals_of_knowledge_base on memory.lexical_totals (tenant_id, knowledge_base_id);`;

const OUTBOX = `
  create table memory.outbox (
    id uuid primary key,
    name text not null,
    payload jsonb not null,
    tenant jsonb not null,
    request_id text not null,
    delivery_attempt int not null default 1,
    due_at timestamptz not null default now(),
    attempts int not null default 0,
    lease_until timestamptz,
    lease_token uuid,
    last_error text,
    created_at timestamptz not null default now(),
    sent_at timestamptz
  );
  create index outbox_due on memory.outbox (due_at) where sent_at is null;
  create index outbox_sent on memory.outbox (sent_at) where sent_at is not null;
  grant select, insert, update, delete on memory.outbox to parley_memory;`;

/**
 * One table per embedding space, made when its model is first used. Vectors stay in the row (at most 8,100 of a page's
 * 8,160 bytes): an exact scan would otherwise fetch each from elsewhere.
 */
const EMBEDDING_SPACES = `
  create function memory.ensure_embedding_space(p_model text, p_dimensions integer, p_vector_weight real) returns uuid
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
    declare
      space_id uuid;
      table_name text;
    begin
      select s.id into space_id from memory.embedding_spaces s
        where s.model = p_model and s.dimensions = p_dimensions and s.state <> 'retired';
      if found then return space_id; end if;
      if p_dimensions not between 1 and 4000 then
        raise exception 'embeddings have 1 to 4000 dimensions, not %', p_dimensions using errcode = 'invalid_parameter_value';
      end if;
      perform pg_advisory_xact_lock(hashtext('memory.ensure_embedding_space'));
      select s.id into space_id from memory.embedding_spaces s
        where s.model = p_model and s.dimensions = p_dimensions and s.state <> 'retired';
      if found then return space_id; end if;
      space_id := gen_random_uuid();
      table_name := 'embeddings_' || replace(space_id::text, '-', '');
      execute format('
        create table memory.%1$I (
          tenant_id uuid not null,
          document_id uuid not null,
          version integer not null,
          ordinal integer not null,
          knowledge_base_id uuid not null,
          embedding public.halfvec(%2$s) not null,
          primary key (tenant_id, document_id, version, ordinal)
        ) partition by hash (tenant_id);
        alter table memory.%1$I alter column embedding set storage plain;
        create index on memory.%1$I using hnsw (embedding public.halfvec_cosine_ops);
        alter table memory.%1$I enable row level security;
        alter table memory.%1$I force row level security;
        create policy tenant_isolation on memory.%1$I to parley_memory, parley_worker
          using (tenant_id = nullif(current_setting(''parley.tenant_id'', true), '''')::uuid)
          with check (tenant_id = nullif(current_setting(''parley.tenant_id'', true), '''')::uuid);
        create policy owner_access on memory.%1$I to parley_owner using (true) with check (true);
        grant select on memory.%1$I to parley_memory;
        grant select, insert, update on memory.%1$I to parley_worker', table_name, p_dimensions);
      for remainder in 0..${PARTITIONS - 1} loop
        execute format('
          create table memory.%1$I partition of memory.%2$I for values with (modulus ${PARTITIONS}, remainder %3$s);
          alter table memory.%1$I enable row level security;
          alter table memory.%1$I force row level security', table_name || '_' || remainder, table_name, remainder);
      end loop;
      insert into memory.embedding_spaces (id, model, dimensions, state, table_name, vector_weight)
        values (space_id, p_model, p_dimensions, 'active', table_name, p_vector_weight);
      return space_id;
    end $$;
  revoke execute on function memory.ensure_embedding_space from public;
  grant execute on function memory.ensure_embedding_space to parley_memory, parley_worker;`;

const ALL = 'select, insert, update, delete';

const ACCESS = {
  files: { parley_memory: ALL, parley_worker: 'select' },
  knowledge_bases: { parley_memory: ALL, parley_worker: 'select, update (embedding_space_id)' },
  documents: {
    parley_memory: ALL,
    parley_worker: 'select, update (status, progress_percent, error_code, error_message, updated_at)',
  },
  ingestion_jobs: { parley_memory: ALL, parley_worker: 'select, update' },
  chunks: { parley_memory: 'select', parley_worker: 'select, insert, update' },
  lexical_terms: { parley_memory: 'select' },
  lexical_totals: { parley_memory: 'select' },
};

/** Reached through its parent only, whose policies then hold; no role may touch it directly. */
const chunkPartition = (remainder: number) => `
  create table memory.chunks_${remainder} partition of memory.chunks
    for values with (modulus ${PARTITIONS}, remainder ${remainder});
  alter table memory.chunks_${remainder} enable row level security;
  alter table memory.chunks_${remainder} force row level security;`;

export class Memory1700000000300 implements MigrationInterface {
  name = 'Memory1700000000300';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('set local role parley_owner');
    for (const ddl of [FILES_AND_KNOWLEDGE_BASES, DOCUMENTS, INGESTION_JOBS, CHUNKS, LEXICAL_STATISTICS, OUTBOX]) {
      await queryRunner.query(ddl);
    }
    for (let remainder = 0; remainder < PARTITIONS; remainder++) await queryRunner.query(chunkPartition(remainder));
    for (const [table, roles] of Object.entries(ACCESS)) {
      await queryRunner.query(tenantIsolationSql(`memory.${table}`, roles));
    }
    await queryRunner.query('grant select on memory.embedding_spaces to parley_memory, parley_worker');
    await queryRunner.query(EMBEDDING_SPACES);
    await queryRunner.query('set local role none');
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    const spaces = (await queryRunner.query('select table_name from memory.embedding_spaces')) as {
      table_name: string;
    }[];
    for (const { table_name } of spaces) await queryRunner.query(`drop table memory.${table_name}`);
    await queryRunner.query('drop function memory.ensure_embedding_space');
    await queryRunner.query(`
      drop table memory.outbox, memory.lexical_totals, memory.lexical_terms, memory.chunks, memory.ingestion_jobs,
        memory.documents, memory.knowledge_bases, memory.embedding_spaces, memory.files`);
  }
}
