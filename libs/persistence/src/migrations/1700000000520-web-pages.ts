import { type MigrationInterface, type QueryRunner } from 'typeorm';
import { tenantIsolationSql } from '../tenant-isolation.js';

/**
 * A document whose file is fetched from an address. The row has the id of the file, and goes with the document.
 * content_sha256 is of what was fetched, chunks_sha256 of what is indexed of it; both null before the first time.
 * refresh_job_id is the job that need not index anything if neither has changed. fetched is what a job under way has
 * fetched, so that its next attempt goes on with the same content.
 */
const WEB_PAGES = `
  alter table memory.files add column source_url text;
  create table memory.web_pages (
    id uuid primary key,
    tenant_id uuid not null,
    knowledge_base_id uuid not null,
    url text not null,
    refresh_interval_hours integer check (refresh_interval_hours > 0),
    next_refresh_at timestamptz,
    refresh_job_id uuid,
    outcome text check (outcome in ('indexed', 'unchanged')),
    final_url text,
    title text,
    byline text,
    language text,
    published_at timestamptz,
    etag text,
    last_modified text,
    content_sha256 text,
    chunks_sha256 text,
    fetched_at timestamptz,
    last_checked_at timestamptz,
    fetched jsonb,
    created_at timestamptz not null default now(),
    unique (tenant_id, id),
    unique (knowledge_base_id, url),
    foreign key (knowledge_base_id, id) references memory.documents (knowledge_base_id, file_id) on delete cascade
  );
  create index web_pages_of_knowledge_base on memory.web_pages (tenant_id, knowledge_base_id, created_at, id);
  create index web_pages_fetched on memory.web_pages ((fetched ->> 'blobKey')) where fetched is not null;
  create index web_pages_due on memory.web_pages (tenant_id, next_refresh_at) where next_refresh_at is not null;`;

/** Sends the command to delete an original that no row names any more; with the row of the page it goes in any case. */
const FORGET_FETCHED = `
  create function memory.forget_original(p_tenant uuid, p_blob_key text) returns void
    language sql set search_path = pg_catalog, pg_temp as $$
      insert into memory.outbox (id, name, payload, tenant, request_id)
      values (gen_random_uuid(), 'memory.delete-blob.v1', jsonb_build_object('blobKey', p_blob_key),
        jsonb_build_object('tenantId', p_tenant, 'userId', '00000000-0000-0000-0000-000000000000', 'role', 'member'),
        gen_random_uuid()::text)
    $$;
  create function memory.forget_fetched() returns trigger
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
    begin
      perform memory.forget_original(old.tenant_id, old.fetched ->> 'blobKey');
      return null;
    end $$;
  create trigger forget_fetched after delete on memory.web_pages
    for each row when (old.fetched is not null) execute function memory.forget_fetched();
  create trigger forget_fetched_before after update of fetched on memory.web_pages
    for each row when (old.fetched ->> 'blobKey' is distinct from new.fetched ->> 'blobKey' and old.fetched is not null
      and new.fetched is not null)
    execute function memory.forget_fetched();`;

/**
 * Ends a look at a page, in the transaction that ends its job, before the job is touched: files come first in the order of
 * locks. 'indexed' makes what was fetched the content of the file, in place of the one before; 'unchanged' forgets it.
 */
const SETTLE = `
  create function memory.settle_page(p_tenant uuid, p_page uuid, p_outcome text, p_seen jsonb) returns void
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
    declare
      file memory.files;
      page memory.web_pages;
    begin
      perform memory.assert_tenant(p_tenant);
      select f.* into file from memory.files f where f.tenant_id = p_tenant and f.id = p_page for no key update;
      select p.* into page from memory.web_pages p where p.tenant_id = p_tenant and p.id = p_page for update;
      if page.id is null then return; end if;
      if p_outcome = 'unchanged' then
        if page.fetched is not null then perform memory.forget_original(p_tenant, page.fetched ->> 'blobKey'); end if;
        update memory.web_pages p set outcome = p_outcome, last_checked_at = clock_timestamp(), fetched = null,
            etag = coalesce(p_seen ->> 'etag', p.etag), last_modified = coalesce(p_seen ->> 'lastModified', p.last_modified)
          where p.tenant_id = p_tenant and p.id = p_page;
        return;
      end if;
      if page.content_sha256 is not null and file.blob_key <> page.fetched ->> 'blobKey' then
        perform memory.forget_original(p_tenant, file.blob_key);
      end if;
      update memory.files f
        set blob_key = page.fetched ->> 'blobKey', bytes = (page.fetched ->> 'bytes')::bigint,
          sha256 = page.fetched ->> 'sha256', content_type = p_seen ->> 'contentType', filename = p_seen ->> 'filename'
        where f.tenant_id = p_tenant and f.id = p_page;
      update memory.web_pages p
        set outcome = p_outcome, last_checked_at = clock_timestamp(), fetched = null,
          fetched_at = (page.fetched ->> 'fetchedAt')::timestamptz, final_url = page.fetched ->> 'finalUrl',
          etag = page.fetched ->> 'etag', last_modified = page.fetched ->> 'lastModified',
          content_sha256 = page.fetched ->> 'sha256', chunks_sha256 = p_seen ->> 'chunksSha256',
          title = p_seen ->> 'title', byline = p_seen ->> 'byline', language = p_seen ->> 'language',
          published_at = (p_seen ->> 'publishedAt')::timestamptz
        where p.tenant_id = p_tenant and p.id = p_page;
    end $$;`;

/**
 * Takes pages whose refresh is due, each tenant in turn, and puts them off: whoever took them has that long to begin the
 * refresh, which sets the next date. The tenants with due pages are found by steps through the index.
 */
const CLAIM_DUE = `
  create function memory.claim_due_pages(p_limit integer, p_hold interval)
    returns table (tenant_id uuid, knowledge_base_id uuid, file_id uuid)
    language sql security definer set search_path = pg_catalog, pg_temp as $$
      with recursive tenants as (
        (select w.tenant_id from memory.web_pages w where w.next_refresh_at <= now() order by w.tenant_id limit 1)
        union all
        select (select w.tenant_id from memory.web_pages w
          where w.tenant_id > t.tenant_id and w.next_refresh_at <= now() order by w.tenant_id limit 1)
        from tenants t where t.tenant_id is not null
      ), due as (
        select p.id from tenants t
        cross join lateral (
          select w.id, row_number() over (order by w.next_refresh_at) as turn from memory.web_pages w
          where w.tenant_id = t.tenant_id and w.next_refresh_at <= now()
          order by w.next_refresh_at limit p_limit
        ) p
        order by p.turn, p.id limit p_limit
      ), taken as (
        select w.id from memory.web_pages w where w.id in (select due.id from due) and w.next_refresh_at <= now()
        for update skip locked
      )
      update memory.web_pages w set next_refresh_at = clock_timestamp() + p_hold
      from taken where w.id = taken.id
      returning w.tenant_id, w.knowledge_base_id, w.id
    $$;`;

/** What a job has fetched is no stray original, although no file names it yet. Otherwise as before. */
const unknownBlobs = (orFetched: string) => `
  create or replace function memory.unknown_blobs(p_keys text[]) returns setof text
    language sql stable security definer set search_path = pg_catalog, pg_temp as $$
      select b.key from unnest(p_keys) as b(key)
      where not exists (select from memory.files f where f.blob_key = b.key) ${orFetched}
        and (exists (select from memory.files f where f.tenant_id = split_part(b.key, '/', 1)::uuid)
          or exists (select from memory.knowledge_bases k where k.tenant_id = split_part(b.key, '/', 1)::uuid));
    $$;`;
const OR_FETCHED = `
        and not exists (select from memory.web_pages p where p.fetched ->> 'blobKey' = b.key and p.fetched is not null)`;

const ACCESS = `
  revoke execute on function memory.forget_original, memory.forget_fetched, memory.settle_page, memory.claim_due_pages
    from public;
  grant execute on function memory.settle_page to parley_worker;
  grant execute on function memory.claim_due_pages to parley_memory;`;

export class WebPages1700000000520 implements MigrationInterface {
  name = 'WebPages1700000000520';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('set local role parley_owner');
    await queryRunner.query(WEB_PAGES);
    await queryRunner.query(
      tenantIsolationSql('memory.web_pages', {
        parley_memory: 'select, insert, update, delete',
        parley_worker: 'select, update (fetched)',
      }),
    );
    for (const ddl of [FORGET_FETCHED, SETTLE, CLAIM_DUE, unknownBlobs(OR_FETCHED), ACCESS])
      await queryRunner.query(ddl);
    await queryRunner.query('set local role none');
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(unknownBlobs(''));
    await queryRunner.query(`
      drop function memory.claim_due_pages, memory.settle_page;
      drop table memory.web_pages;
      drop function memory.forget_fetched, memory.forget_original;
      alter table memory.files drop column source_url`);
  }
}
