import { type MigrationInterface, type QueryRunner } from 'typeorm';

/** Chunks and vectors are kept for the version that search shows and for the one that is being written. */
const KEEPS_VERSION = `
  create function memory.keeps_version(p_tenant uuid, p_document uuid, p_version integer) returns boolean
    language sql stable set search_path = pg_catalog, pg_temp as $$
      select exists (select from memory.documents d
          where d.tenant_id = p_tenant and d.id = p_document and d.active_version = p_version)
        or exists (select from memory.ingestion_jobs j
          where j.tenant_id = p_tenant and j.document_id = p_document and j.version = p_version
            and j.status not in ('completed', 'failed', 'cancelled'));
    $$;
  create function memory.chunk_tables() returns setof text
    language sql stable set search_path = pg_catalog, pg_temp as $$
      select 'chunks' union all select s.table_name from memory.embedding_spaces s where s.state <> 'retired';
    $$;`;

/**
 * Looks at the next p_limit versions, of any tenant, that a table of chunks or vectors holds, stepping from one to the
 * next in its primary key, and removes those that nothing keeps, at most p_removals of them. Jobs are held first, as
 * everywhere, so that a version whose job begins again meanwhile stays. Returns how many rows went and the last version
 * that was looked at, null at the table's end.
 */
const REMOVE_ORPHAN_VERSIONS = `
  create function memory.remove_orphan_versions(
    p_table text, p_after_tenant uuid, p_after_document uuid, p_after_version integer, p_limit integer,
    p_removals integer
  ) returns table (removed integer, tenant_id uuid, document_id uuid, version integer)
    language plpgsql security definer
    set search_path = pg_catalog, pg_temp set enable_seqscan = off set lock_timeout = '2s' as $$
    #variable_conflict use_column
    declare
      seen record;
    begin
      removed := 0;
      if not exists (select from memory.chunk_tables() as t(name) where t.name = p_table) then
        return next;
        return;
      end if;
      execute format('
        with recursive visited as (
          (select t.tenant_id, t.document_id, t.version, 1 as n from memory.%1$I t
            where (t.tenant_id, t.document_id, t.version) > ($1, $2, $3)
            order by t.tenant_id, t.document_id, t.version limit 1)
          union all
          select f.tenant_id, f.document_id, f.version, v.n + 1 from visited v cross join lateral (
            select t.tenant_id, t.document_id, t.version from memory.%1$I t
            where (t.tenant_id, t.document_id, t.version) > (v.tenant_id, v.document_id, v.version)
            order by t.tenant_id, t.document_id, t.version limit 1) f
          where v.n < $4
        ), orphans as (
          select v.* from visited v where not memory.keeps_version(v.tenant_id, v.document_id, v.version)
          order by v.n limit $5
        ), last as (
          select v.* from visited v where v.n = (select case when count(*) = $5 then max(o.n) else null end from orphans o)
          union all
          (select v.* from visited v order by v.n desc limit 1)
          limit 1
        )
        select l.tenant_id, l.document_id, l.version,
          l.n >= $4 or (select count(*) from orphans) = $5 as has_more,
          array(select o.tenant_id from orphans o order by o.n) as tenants,
          array(select o.document_id from orphans o order by o.n) as documents,
          array(select o.version from orphans o order by o.n) as versions
        from last l', p_table)
        into seen using p_after_tenant, p_after_document, p_after_version, p_limit, p_removals;
      if seen.has_more then
        tenant_id := seen.tenant_id;
        document_id := seen.document_id;
        version := seen.version;
      end if;
      if cardinality(seen.documents) > 0 then
        perform from memory.ingestion_jobs j where j.document_id = any(seen.documents) order by j.id for update;
        execute format('
          delete from memory.%I t using unnest($1, $2, $3) as o(tenant_id, document_id, version)
          where t.tenant_id = o.tenant_id and t.document_id = o.document_id and t.version = o.version
            and not memory.keeps_version(o.tenant_id, o.document_id, o.version)', p_table)
          using seen.tenants, seen.documents, seen.versions;
        get diagnostics removed = row_count;
      end if;
      return next;
    end $$;`;

/** What the statistics of a knowledge base lack, negative where they have too much. Each sees one snapshot. */
const DEVIATIONS = `
  create function memory.lexical_term_deviations(p_tenant uuid, p_knowledge_base uuid)
    returns table (term text, chunks bigint)
    language sql stable set search_path = pg_catalog, pg_temp as $$
      select x.term, sum(x.chunks)::bigint from (
        select t.term collate "C" as term, count(*) as chunks
        from memory.documents d
        join memory.chunks c on c.tenant_id = p_tenant and c.document_id = d.id and c.version = d.active_version
        cross join lateral unnest(tsvector_to_array(c.lexical)) as t(term)
        where d.tenant_id = p_tenant and d.knowledge_base_id = p_knowledge_base and t.term not like '#%'
        group by 1
        union all
        select s.term, -sum(s.chunks) from memory.lexical_terms s
        where s.tenant_id = p_tenant and s.knowledge_base_id = p_knowledge_base group by s.term
      ) x group by x.term having sum(x.chunks) <> 0;
    $$;
  create function memory.lexical_total_deviations(p_tenant uuid, p_knowledge_base uuid)
    returns table (language text, chunks bigint, length bigint)
    language sql stable set search_path = pg_catalog, pg_temp as $$
      select x.language, sum(x.chunks)::bigint, sum(x.length)::bigint from (
        select c.language, count(*) as chunks, sum(c.length) as length
        from memory.documents d
        join memory.chunks c on c.tenant_id = p_tenant and c.document_id = d.id and c.version = d.active_version
        where d.tenant_id = p_tenant and d.knowledge_base_id = p_knowledge_base
        group by c.language
        union all
        select s.language, -sum(s.chunks), -sum(s.length) from memory.lexical_totals s
        where s.tenant_id = p_tenant and s.knowledge_base_id = p_knowledge_base group by s.language
      ) x group by x.language having sum(x.chunks) <> 0 or sum(x.length) <> 0;
    $$;`;

/** The next knowledge bases, of any tenant, that exist or that a table of statistics names. */
const STATISTICS_BASES = `
  create function memory.statistics_bases(p_after_tenant uuid, p_after_base uuid, p_limit integer)
    returns table (tenant_id uuid, knowledge_base_id uuid)
    language sql stable set search_path = pg_catalog, pg_temp set enable_seqscan = off as $$
      with recursive terms as (
        (select t.tenant_id, t.knowledge_base_id, 1 as n from memory.lexical_terms t
          where (t.tenant_id, t.knowledge_base_id) > (p_after_tenant, p_after_base)
          order by t.tenant_id, t.knowledge_base_id limit 1)
        union all
        select f.tenant_id, f.knowledge_base_id, v.n + 1 from terms v cross join lateral (
          select t.tenant_id, t.knowledge_base_id from memory.lexical_terms t
          where (t.tenant_id, t.knowledge_base_id) > (v.tenant_id, v.knowledge_base_id)
          order by t.tenant_id, t.knowledge_base_id limit 1) f
        where v.n < p_limit
      ), totals as (
        (select t.tenant_id, t.knowledge_base_id, 1 as n from memory.lexical_totals t
          where (t.tenant_id, t.knowledge_base_id) > (p_after_tenant, p_after_base)
          order by t.tenant_id, t.knowledge_base_id limit 1)
        union all
        select f.tenant_id, f.knowledge_base_id, v.n + 1 from totals v cross join lateral (
          select t.tenant_id, t.knowledge_base_id from memory.lexical_totals t
          where (t.tenant_id, t.knowledge_base_id) > (v.tenant_id, v.knowledge_base_id)
          order by t.tenant_id, t.knowledge_base_id limit 1) f
        where v.n < p_limit
      )
      select t.tenant_id, t.knowledge_base_id from terms t
      union select t.tenant_id, t.knowledge_base_id from totals t
      union (select k.tenant_id, k.id from memory.knowledge_bases k
        where (k.tenant_id, k.id) > (p_after_tenant, p_after_base) order by k.tenant_id, k.id limit p_limit)
      order by 1, 2 limit p_limit;
    $$;`;

/**
 * Compares the statistics of the next p_limit knowledge bases with their active chunks: the number of chunks always,
 * languages, lengths and terms as long as p_chunks chunks are not exceeded. What deviates is mended by appending the
 * difference, which indexing may do meanwhile too; the lock is the one that summing up takes. Statistics of a knowledge
 * base that is gone are deleted. Returns how many were mended and the last that was looked at, null at the end.
 */
const REPAIR_STATISTICS = `
  create function memory.repair_lexical_statistics(
    p_after_tenant uuid, p_after_base uuid, p_limit integer, p_chunks bigint
  ) returns table (repaired integer, tenant_id uuid, knowledge_base_id uuid)
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
    #variable_conflict use_column
    declare
      base record;
      size bigint;
      counted bigint;
      visited integer := 0;
      budget bigint := p_chunks;
    begin
      repaired := 0;
      for base in select b.* from memory.statistics_bases(p_after_tenant, p_after_base, p_limit) b loop
        visited := visited + 1;
        tenant_id := base.tenant_id;
        knowledge_base_id := base.knowledge_base_id;
        if not exists (select from memory.knowledge_bases k
            where k.tenant_id = base.tenant_id and k.id = base.knowledge_base_id) then
          delete from memory.lexical_terms s
            where s.tenant_id = base.tenant_id and s.knowledge_base_id = base.knowledge_base_id;
          delete from memory.lexical_totals s
            where s.tenant_id = base.tenant_id and s.knowledge_base_id = base.knowledge_base_id;
          repaired := repaired + 1;
          continue;
        end if;
        select
          (select coalesce(sum(d.chunk_count), 0) from memory.documents d where d.tenant_id = base.tenant_id
            and d.knowledge_base_id = base.knowledge_base_id and d.active_version is not null),
          (select coalesce(sum(s.chunks), 0) from memory.lexical_totals s
            where s.tenant_id = base.tenant_id and s.knowledge_base_id = base.knowledge_base_id)
          into size, counted;
        if size = counted then
          continue when size > budget;
          budget := budget - size;
          continue when not exists (select from memory.lexical_total_deviations(base.tenant_id, base.knowledge_base_id))
            and not exists (select from memory.lexical_term_deviations(base.tenant_id, base.knowledge_base_id));
        end if;
        perform from memory.knowledge_bases k
          where k.tenant_id = base.tenant_id and k.id = base.knowledge_base_id for no key update skip locked;
        continue when not found;
        insert into memory.lexical_terms (tenant_id, knowledge_base_id, term, chunks)
          select base.tenant_id, base.knowledge_base_id, t.term, t.chunks
          from memory.lexical_term_deviations(base.tenant_id, base.knowledge_base_id) t;
        insert into memory.lexical_totals (tenant_id, knowledge_base_id, language, chunks, length)
          select base.tenant_id, base.knowledge_base_id, t.language, t.chunks, t.length
          from memory.lexical_total_deviations(base.tenant_id, base.knowledge_base_id) t;
        repaired := repaired + 1;
      end loop;
      if visited < p_limit then
        tenant_id := null;
        knowledge_base_id := null;
      end if;
      return next;
    end $$;`;

/** What a tenant has that should not be there: rows of chunks and vectors, knowledge bases whose statistics deviate. */
const COUNT_ORPHANS = `
  create function memory.count_orphans(p_tenant uuid)
    returns table (chunks bigint, vectors bigint, statistics bigint)
    language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
    #variable_conflict use_column
    declare
      chunk_table text;
      counted bigint;
    begin
      perform memory.assert_tenant(p_tenant);
      chunks := 0;
      vectors := 0;
      for chunk_table in select t.name from memory.chunk_tables() as t(name) loop
        execute format('
          select coalesce(sum(v.rows), 0) from (
            select t.document_id, t.version, count(*) as rows from memory.%I t where t.tenant_id = $1
            group by t.document_id, t.version
          ) v where not memory.keeps_version($1, v.document_id, v.version)', chunk_table)
          into counted using p_tenant;
        if chunk_table = 'chunks' then chunks := counted; else vectors := vectors + counted; end if;
      end loop;
      select count(*) into statistics from (
        select k.id from memory.knowledge_bases k where k.tenant_id = p_tenant
        union select s.knowledge_base_id from memory.lexical_totals s where s.tenant_id = p_tenant
        union select s.knowledge_base_id from memory.lexical_terms s where s.tenant_id = p_tenant
      ) b
      where exists (select from memory.lexical_total_deviations(p_tenant, b.id))
        or exists (select from memory.lexical_term_deviations(p_tenant, b.id));
      return next;
    end $$;`;

/**
 * Of the given keys, which are tenant/file, those that no file names. Keys of a tenant that this database knows nothing of are left out: the
 * store may be shared with another installation.
 */
const UNKNOWN_BLOBS = `
  create index files_by_blob on memory.files (blob_key);
  create function memory.unknown_blobs(p_keys text[]) returns setof text
    language sql stable security definer set search_path = pg_catalog, pg_temp as $$
      select b.key from unnest(p_keys) as b(key)
      where not exists (select from memory.files f where f.blob_key = b.key)
        and (exists (select from memory.files f where f.tenant_id = split_part(b.key, '/', 1)::uuid)
          or exists (select from memory.knowledge_bases k where k.tenant_id = split_part(b.key, '/', 1)::uuid));
    $$;`;

const ACCESS = `
  revoke execute on function memory.keeps_version, memory.chunk_tables, memory.remove_orphan_versions,
    memory.lexical_term_deviations, memory.lexical_total_deviations, memory.statistics_bases,
    memory.repair_lexical_statistics, memory.count_orphans, memory.unknown_blobs from public;
  grant execute on function memory.chunk_tables, memory.remove_orphan_versions, memory.repair_lexical_statistics,
    memory.count_orphans, memory.unknown_blobs to parley_memory;`;

const FUNCTIONS = [
  KEEPS_VERSION,
  REMOVE_ORPHAN_VERSIONS,
  DEVIATIONS,
  STATISTICS_BASES,
  REPAIR_STATISTICS,
  COUNT_ORPHANS,
  UNKNOWN_BLOBS,
  ACCESS,
];

export class Orphans1700000000512 implements MigrationInterface {
  name = 'Orphans1700000000512';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('set local role parley_owner');
    for (const ddl of FUNCTIONS) await queryRunner.query(ddl);
    await queryRunner.query('set local role none');
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      drop function memory.unknown_blobs, memory.count_orphans, memory.repair_lexical_statistics,
        memory.statistics_bases, memory.lexical_total_deviations, memory.lexical_term_deviations,
        memory.remove_orphan_versions, memory.chunk_tables, memory.keeps_version;
      drop index memory.files_by_blob`);
  }
}
