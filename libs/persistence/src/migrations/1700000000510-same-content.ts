import { type MigrationInterface, type QueryRunner } from 'typeorm';

/**
 * A document whose content its knowledge base has already, with the same attributes and chunking, has no chunks of its
 * own: duplicate_of names the one that has them. It is always one step away, because only documents with chunks of their
 * own are named. One that is given a version of its own keeps its duplicate_of until that version is searchable.
 */
const DUPLICATES = `
  alter table memory.documents
    add column duplicate_of uuid,
    add foreign key (tenant_id, duplicate_of) references memory.documents (tenant_id, id),
    add check (duplicate_of is null or active_version is null);
  create index documents_duplicates on memory.documents (tenant_id, duplicate_of) where duplicate_of is not null;
  create index files_by_content on memory.files (tenant_id, sha256);
  create function memory.end_duplication() returns trigger
    language plpgsql set search_path = pg_catalog, pg_temp as $$
    begin
      new.duplicate_of := null;
      return new;
    end $$;
  create trigger end_duplication before update of active_version on memory.documents
    for each row when (new.active_version is not null and new.duplicate_of is not null)
    execute function memory.end_duplication();`;

/**
 * Documents as they are shown. A duplicate is as far as the document it duplicates, unless it has versions of its own;
 * content_id is the document whose chunks are its content. That is looked up for each duplicate, whatever a planner
 * without statistics, as always in the embedded server, thinks of joining many documents.
 */
const STATES = `
  create view memory.document_states with (security_invoker = true) as
    select d.id, d.tenant_id, d.knowledge_base_id, d.file_id, d.duplicate_of, d.attributes, d.chunking, d.latest_version,
      case when d.latest_version = 0 and h.id is not null then h.status else d.status end as status,
      case when d.latest_version = 0 and h.id is not null then h.error_code else d.error_code end as error_code,
      case when d.latest_version = 0 and h.id is not null then h.error_message else d.error_message end as error_message,
      case when d.latest_version = 0 and h.id is not null then h.progress_percent else d.progress_percent end
        as progress_percent,
      coalesce(h.id, d.id) as content_id, coalesce(h.active_version, d.active_version) as active_version,
      coalesce(h.chunk_count, d.chunk_count) as chunk_count, coalesce(h.usage_bytes, d.usage_bytes) as usage_bytes,
      d.created_at, d.updated_at
    from memory.documents d
    left join lateral (select x.* from memory.documents x where x.id = d.duplicate_of limit 1) h on true;
  grant select on memory.document_states to parley_memory, parley_worker;`;

/**
 * Takes a file away from a document that others duplicate: the oldest of them takes its place, chunks and all, so nothing
 * is moved and a search never misses them. Work that is under way is begun again, because it may read an original that
 * goes; the sweeper announces it. Returns false when nothing duplicates the document. The caller holds the knowledge base
 * and the jobs.
 */
const PASS_ON = `
  create function memory.pass_document_on(p_tenant uuid, p_document uuid) returns boolean
    language plpgsql set search_path = pg_catalog, pg_temp as $$
    declare
      heir record;
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
      update memory.ingestion_jobs j
        set status = 'cancelled', lease_token = null, lease_until = null, finished_at = now()
        where j.tenant_id = p_tenant and j.document_id = p_document and j.status = any(unfinished);
      if found or heir.latest_version > 0 then
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

/**
 * Order of locks, as everywhere: knowledge base, jobs, documents, chunks. A worker that is writing finishes its batch,
 * and its chunks are deleted too.
 */
const REMOVE_DOCUMENT = `
  create function memory.hold_document(p_tenant uuid, p_document uuid) returns boolean
    language plpgsql set search_path = pg_catalog, pg_temp as $$
    begin
      perform from memory.knowledge_bases k where k.tenant_id = p_tenant and k.id =
        (select d.knowledge_base_id from memory.documents d where d.tenant_id = p_tenant and d.id = p_document)
        for no key update;
      perform from memory.ingestion_jobs j where j.tenant_id = p_tenant and j.document_id in (
          select d.id from memory.documents d
          where d.tenant_id = p_tenant and (d.id = p_document or d.duplicate_of = p_document))
        order by j.id for update;
      perform from memory.documents d where d.tenant_id = p_tenant and d.id = p_document for update;
      return found;
    end $$;
  create or replace function memory.remove_document(p_tenant uuid, p_document uuid) returns boolean
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
    declare
      active integer;
    begin
      perform memory.assert_tenant(p_tenant);
      if not memory.hold_document(p_tenant, p_document) then return false; end if;
      if memory.pass_document_on(p_tenant, p_document) then return true; end if;
      select d.active_version into active from memory.documents d where d.tenant_id = p_tenant and d.id = p_document;
      if active is not null then perform memory.count_version(p_tenant, p_document, active, -1); end if;
      perform memory.delete_chunks(p_tenant, array[p_document]);
      delete from memory.documents d where d.tenant_id = p_tenant and d.id = p_document;
      return true;
    end $$;
  revoke execute on function memory.end_duplication, memory.pass_document_on, memory.hold_document from public;
  grant execute on function memory.pass_document_on, memory.hold_document to parley_memory;`;

export class SameContent1700000000510 implements MigrationInterface {
  name = 'SameContent1700000000510';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('set local role parley_owner');
    for (const ddl of [DUPLICATES, STATES, PASS_ON, REMOVE_DOCUMENT]) await queryRunner.query(ddl);
    await queryRunner.query('set local role none');
  }

  async down(): Promise<void> {
    throw new Error('Documents that share their chunks cannot be taken apart: restore a backup.');
  }
}
