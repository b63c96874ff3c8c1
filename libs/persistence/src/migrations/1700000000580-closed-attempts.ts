import { type MigrationInterface, type QueryRunner } from 'typeorm';

/**
 * As before, and: the attempt that was under way ends with its job, and a job that had failed is no dead letter once
 * another version takes its place. The caller holds the knowledge base and the jobs.
 */
const PASS_ON = `
  create or replace function memory.pass_document_on(p_tenant uuid, p_document uuid) returns boolean
    language plpgsql set search_path = pg_catalog, pg_temp as $$
    declare
      heir record;
      has_work boolean;
      unfinished constant text[] := array['queued', 'parsing', 'embedding', 'indexing'];
    begin
      select d.* into heir from memory.documents d where d.tenant_id = p_tenant and d.duplicate_of = p_document
        order by d.latest_version > 0, d.created_at, d.id limit 1;
      if not found then return false; end if;
      delete from memory.documents d where d.tenant_id = p_tenant and d.id = heir.id;
      update memory.documents d
        set file_id = heir.file_id, attributes = heir.attributes, chunking = heir.chunking,
          created_at = heir.created_at, updated_at = now()
        where d.tenant_id = p_tenant and d.id = p_document;
      update memory.ingestion_attempts a set ended_at = clock_timestamp(), stage = j.status, outcome = 'superseded'
        from memory.ingestion_jobs j
        where j.tenant_id = p_tenant and j.document_id = p_document and j.status = any(unfinished)
          and a.tenant_id = p_tenant and a.job_id = j.id and a.number = j.attempt and a.ended_at is null;
      update memory.ingestion_jobs j
        set status = 'cancelled', lease_token = null, lease_until = null, finished_at = now()
        where j.tenant_id = p_tenant and j.document_id = p_document and j.status = any(unfinished);
      has_work := found;
      if has_work or heir.latest_version > 0 then
        update memory.ingestion_jobs j set dead_lettered_at = null
          where j.tenant_id = p_tenant and j.document_id = p_document and j.dead_lettered_at is not null;
        with document as (
          update memory.documents d
          set latest_version = d.latest_version + 1, status = 'queued', progress_percent = 0, error_code = null,
            error_message = null
          where d.tenant_id = p_tenant and d.id = p_document
          returning d.latest_version
        )
        insert into memory.ingestion_jobs (id, tenant_id, document_id, version)
          select gen_random_uuid(), p_tenant, p_document, document.latest_version from document;
      end if;
      return true;
    end $$;`;

/** Those of jobs that were passed on before. How far they had come is not known any more. */
const CLOSE = `
  update memory.ingestion_attempts a set ended_at = coalesce(j.finished_at, j.updated_at), outcome = 'superseded'
    from memory.ingestion_jobs j
    where j.tenant_id = a.tenant_id and j.id = a.job_id and j.status = 'cancelled' and a.ended_at is null;`;

/**
 * As before, but what somebody else has mended meanwhile is not counted again: a base that deviates is looked at once more
 * under its lock, and statistics that nobody owns count for whoever deletes them.
 */
const REPAIR_STATISTICS = `
  create or replace function memory.repair_lexical_statistics(
    p_after_tenant uuid, p_after_base uuid, p_limit integer, p_chunks bigint
  ) returns table (repaired integer, tenant_id uuid, knowledge_base_id uuid)
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
    #variable_conflict use_column
    declare
      base record;
      size bigint;
      counted bigint;
      terms bigint;
      totals bigint;
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
          get diagnostics terms = row_count;
          delete from memory.lexical_totals s
            where s.tenant_id = base.tenant_id and s.knowledge_base_id = base.knowledge_base_id;
          get diagnostics totals = row_count;
          if terms + totals > 0 then repaired := repaired + 1; end if;
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
        get diagnostics terms = row_count;
        insert into memory.lexical_totals (tenant_id, knowledge_base_id, language, chunks, length)
          select base.tenant_id, base.knowledge_base_id, t.language, t.chunks, t.length
          from memory.lexical_total_deviations(base.tenant_id, base.knowledge_base_id) t;
        get diagnostics totals = row_count;
        if terms + totals > 0 then repaired := repaired + 1; end if;
      end loop;
      if visited < p_limit then
        tenant_id := null;
        knowledge_base_id := null;
      end if;
      return next;
    end $$;`;

export class ClosedAttempts1700000000580 implements MigrationInterface {
  name = 'ClosedAttempts1700000000580';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('set local role parley_owner');
    for (const sql of [PASS_ON, CLOSE, REPAIR_STATISTICS]) await queryRunner.query(sql);
    await queryRunner.query('set local role none');
  }

  /** The functions serve the release before as well. */
  async down(): Promise<void> {}
}
