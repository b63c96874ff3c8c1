import { type MigrationInterface, type QueryRunner } from 'typeorm';

/** Adds a version's chunks to the statistics of its knowledge base (p_sign 1) or takes them out again (-1). */
const COUNT_VERSION = `
  create function memory.count_version(p_tenant uuid, p_document uuid, p_version integer, p_sign integer) returns void
    language sql set search_path = pg_catalog, pg_temp as $$
      insert into memory.lexical_terms (tenant_id, knowledge_base_id, term, chunks)
        select p_tenant, c.knowledge_base_id, t.term, p_sign * count(*)
        from memory.chunks c cross join lateral unnest(tsvector_to_array(c.lexical)) as t(term)
        where c.tenant_id = p_tenant and c.document_id = p_document and c.version = p_version and t.term not like '#%'
        group by c.knowledge_base_id, t.term;
      insert into memory.lexical_totals (tenant_id, knowledge_base_id, language, chunks, length)
        select p_tenant, c.knowledge_base_id, c.language, p_sign * count(*), p_sign * sum(c.length)
        from memory.chunks c
        where c.tenant_id = p_tenant and c.document_id = p_document and c.version = p_version
        group by c.knowledge_base_id, c.language;
    $$;`;

/** Removes the chunks and vectors of documents, or all but those of one version and below an ordinal. */
export const DELETE_CHUNKS = `
  create function memory.delete_chunks(
    p_tenant uuid, p_documents uuid[], p_keep_version integer default null, p_keep_below integer default null
  ) returns void
    language plpgsql set search_path = pg_catalog, pg_temp as $$
    declare
      chunk_table text;
    begin
      for chunk_table in select 'chunks' union all select s.table_name from memory.embedding_spaces s loop
        execute format('
          delete from memory.%I where tenant_id = $1 and document_id = any($2)
            and (version is distinct from $3 or ordinal >= $4)', chunk_table)
          using p_tenant, p_documents, p_keep_version, p_keep_below;
      end loop;
    end $$;`;

/**
 * Makes a version the one that search shows, in place of the one before, whose chunks go. The caller holds the job's
 * lease in the same transaction. Returns false when not exactly p_chunks chunks of the version are there.
 */
const ACTIVATE_VERSION = `
  create function memory.activate_version(p_tenant uuid, p_document uuid, p_version integer, p_chunks integer)
    returns boolean
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
    declare
      previous integer;
      found_chunks integer;
      found_bytes bigint;
    begin
      perform memory.assert_tenant(p_tenant);
      select d.active_version into previous from memory.documents d
        where d.tenant_id = p_tenant and d.id = p_document for update;
      select count(*), coalesce(sum(octet_length(c.text)), 0) into found_chunks, found_bytes from memory.chunks c
        where c.tenant_id = p_tenant and c.document_id = p_document and c.version = p_version and c.ordinal < p_chunks;
      if found_chunks <> p_chunks then return false; end if;
      if previous is not null then perform memory.count_version(p_tenant, p_document, previous, -1); end if;
      perform memory.delete_chunks(p_tenant, array[p_document], p_version, p_chunks);
      perform memory.count_version(p_tenant, p_document, p_version, 1);
      update memory.documents d
        set active_version = p_version, chunk_count = p_chunks, usage_bytes = found_bytes, status = 'completed',
          progress_percent = 100, error_code = null, error_message = null, updated_at = now()
        where d.tenant_id = p_tenant and d.id = p_document;
      return true;
    end $$;`;

/** Removes what an unfinished version has written; the active one stays. */
const DISCARD_INACTIVE = `
  create function memory.discard_inactive_versions(p_tenant uuid, p_document uuid) returns void
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
    begin
      perform memory.assert_tenant(p_tenant);
      perform memory.delete_chunks(p_tenant, array[p_document],
        (select d.active_version from memory.documents d where d.tenant_id = p_tenant and d.id = p_document));
    end $$;`;

/** Jobs are locked first, as everywhere: a worker that is writing finishes its batch, and its chunks are deleted too. */
const REMOVE_DOCUMENT = `
  create function memory.remove_document(p_tenant uuid, p_document uuid) returns boolean
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
    declare
      active integer;
    begin
      perform memory.assert_tenant(p_tenant);
      perform from memory.ingestion_jobs j
        where j.tenant_id = p_tenant and j.document_id = p_document order by j.id for update;
      select d.active_version into active from memory.documents d
        where d.tenant_id = p_tenant and d.id = p_document for update;
      if not found then return false; end if;
      if active is not null then perform memory.count_version(p_tenant, p_document, active, -1); end if;
      perform memory.delete_chunks(p_tenant, array[p_document]);
      delete from memory.documents d where d.tenant_id = p_tenant and d.id = p_document;
      return true;
    end $$;`;

const REMOVE_KNOWLEDGE_BASE = `
  create function memory.remove_knowledge_base(p_tenant uuid, p_knowledge_base uuid) returns boolean
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
    begin
      perform memory.assert_tenant(p_tenant);
      perform from memory.knowledge_bases k where k.tenant_id = p_tenant and k.id = p_knowledge_base for update;
      if not found then return false; end if;
      perform from memory.ingestion_jobs j join memory.documents d on d.tenant_id = p_tenant and d.id = j.document_id
        where j.tenant_id = p_tenant and d.knowledge_base_id = p_knowledge_base order by j.id for update of j;
      perform memory.delete_chunks(p_tenant, array(
        select d.id from memory.documents d where d.tenant_id = p_tenant and d.knowledge_base_id = p_knowledge_base));
      delete from memory.lexical_terms t where t.tenant_id = p_tenant and t.knowledge_base_id = p_knowledge_base;
      delete from memory.lexical_totals t where t.tenant_id = p_tenant and t.knowledge_base_id = p_knowledge_base;
      delete from memory.documents d where d.tenant_id = p_tenant and d.knowledge_base_id = p_knowledge_base;
      delete from memory.knowledge_bases k where k.tenant_id = p_tenant and k.id = p_knowledge_base;
      return true;
    end $$;`;

/**
 * Sums up statistics of knowledge bases, of any tenant, that have gathered more than p_rows rows; a term is rewritten
 * once it has more than 8, so that a row is rewritten seldom and read cheaply. Returns how many knowledge bases.
 */
const ROLL_UP = `
  create function memory.roll_up_lexical_statistics(p_rows integer, p_limit integer) returns integer
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
    declare
      base record;
      done integer := 0;
    begin
      for base in
        select t.tenant_id, t.knowledge_base_id from memory.lexical_totals t
        group by t.tenant_id, t.knowledge_base_id having count(*) > p_rows limit p_limit
      loop
        perform from memory.knowledge_bases k
          where k.tenant_id = base.tenant_id and k.id = base.knowledge_base_id for no key update skip locked;
        continue when not found;
        with crowded as materialized (
          select s.term from memory.lexical_terms s
          where s.tenant_id = base.tenant_id and s.knowledge_base_id = base.knowledge_base_id
          group by s.term having count(*) > 8
        ), gone as (
          delete from memory.lexical_terms t using crowded c
          where t.tenant_id = base.tenant_id and t.knowledge_base_id = base.knowledge_base_id and t.term = c.term
          returning t.term, t.chunks
        )
        insert into memory.lexical_terms (tenant_id, knowledge_base_id, term, chunks)
          select base.tenant_id, base.knowledge_base_id, g.term, sum(g.chunks) from gone g
          group by g.term having sum(g.chunks) <> 0;
        with gone as (
          delete from memory.lexical_totals t
          where t.tenant_id = base.tenant_id and t.knowledge_base_id = base.knowledge_base_id
          returning t.language, t.chunks, t.length
        )
        insert into memory.lexical_totals (tenant_id, knowledge_base_id, language, chunks, length)
          select base.tenant_id, base.knowledge_base_id, g.language, sum(g.chunks), sum(g.length) from gone g
          group by g.language having sum(g.chunks) <> 0;
        done := done + 1;
      end loop;
      return done;
    end $$;`;

const ACCESS = `
  revoke execute on all functions in schema memory from public;
  grant execute on function memory.activate_version, memory.discard_inactive_versions to parley_memory, parley_worker;
  grant execute on function memory.remove_document, memory.remove_knowledge_base to parley_memory;
  grant execute on function memory.roll_up_lexical_statistics to parley_memory, parley_worker;`;

const FUNCTIONS = [
  COUNT_VERSION,
  DELETE_CHUNKS,
  ACTIVATE_VERSION,
  DISCARD_INACTIVE,
  REMOVE_DOCUMENT,
  REMOVE_KNOWLEDGE_BASE,
  ROLL_UP,
  ACCESS,
];

export class MemoryVersions1700000000320 implements MigrationInterface {
  name = 'MemoryVersions1700000000320';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('set local role parley_owner');
    for (const ddl of FUNCTIONS) await queryRunner.query(ddl);
    await queryRunner.query('set local role none');
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      drop function memory.roll_up_lexical_statistics, memory.remove_knowledge_base, memory.remove_document,
        memory.discard_inactive_versions, memory.activate_version, memory.delete_chunks, memory.count_version`);
  }
}
