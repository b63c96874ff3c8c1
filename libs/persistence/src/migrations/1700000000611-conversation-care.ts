import { type MigrationInterface, type QueryRunner } from 'typeorm';
import { tenantIsolationSql } from '../tenant-isolation.js';

/**
 * `words` is filled where a text is final, not with every checkpoint. A title says where it is from: what the user chose is
 * never replaced. What is there already counts as chosen.
 */
const COLUMNS = `
  alter table chat.messages add column words tsvector;
  alter table chat.conversations
    add column title_source text check (title_source in ('user', 'message', 'model'));
  update chat.conversations set title_source = 'user' where title is not null;`;

/** Goes with its message. */
const FEEDBACK = `
  create table chat.feedback (
    message_id uuid primary key references chat.messages on delete cascade,
    tenant_id uuid not null,
    user_id uuid not null,
    rating text not null check (rating in ('up', 'down')),
    comment text,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
  );
  create index feedback_by_age on chat.feedback (tenant_id, user_id, created_at);`;

/** Whole words of any language, lower case; a very long text is found by its beginning. The last word of a query may be cut. */
const WORDS = `
  create function chat.message_words(content text) returns tsvector
    language sql immutable parallel safe set search_path = pg_catalog, pg_temp as $$
      select to_tsvector('simple', left(content, 50000))
    $$;
  create function chat.words_query(query text) returns tsquery
    language sql immutable parallel safe set search_path = pg_catalog, pg_temp as $$
      select case when right(parsed, 1) = '''' then (parsed || ':*')::tsquery else parsed::tsquery end
      from (select websearch_to_tsquery('simple', query)::text as parsed) q
    $$;
  update chat.messages set words = chat.message_words(content) where role in ('user', 'assistant');
  create index messages_by_words on chat.messages using gin (words) where words is not null;`;

/**
 * Conversations of one user in which something matches, the newest first, each with its best messages. Runs as the owner,
 * because under row-level security the index would not be used; so it checks the tenant itself.
 * Texts in scripts without spaces are looked for literally: p_literal is then the query in lower case, and null otherwise.
 */
const SEARCH = `
  create function chat.search_conversations(
    p_tenant uuid, p_user uuid, p_query text, p_literal text, p_after uuid, p_limit integer)
    returns table (conversation_id uuid, matches jsonb)
    language plpgsql stable security definer set search_path = pg_catalog, pg_temp
    set plan_cache_mode = force_custom_plan as $$
    #variable_conflict use_column
    declare
      query tsquery := chat.words_query(p_query);
      after_at timestamptz;
    begin
      if p_tenant is null or p_tenant is distinct from nullif(current_setting('parley.tenant_id', true), '')::uuid then
        raise insufficient_privilege using message = 'the tenant is not that of the transaction';
      end if;
      select c.created_at into after_at from chat.conversations c
      where c.id = p_after and c.tenant_id = p_tenant and c.user_id = p_user;
      return query
        with matching as (
          select m.id, m.conversation_id, m.role, m.content, m.created_at,
            case when p_literal is null then ts_rank(m.words, query) else 1 end as rank
          from chat.messages m
          where m.tenant_id = p_tenant and m.user_id = p_user and m.words is not null
            and case when p_literal is null then m.words @@ query else position(p_literal in lower(m.content)) > 0 end
        ), titled as (
          select c.id from chat.conversations c
          where c.tenant_id = p_tenant and c.user_id = p_user and c.title is not null
            and case when p_literal is null then to_tsvector('simple', c.title) @@ query
              else position(p_literal in lower(c.title)) > 0 end
        ), page as (
          select c.id, c.created_at from chat.conversations c
          where c.tenant_id = p_tenant and c.user_id = p_user
            and c.id in (select m.conversation_id from matching m union select t.id from titled t)
            and (p_after is null or (c.created_at, c.id) < (after_at, p_after))
          order by c.created_at desc, c.id desc
          limit p_limit
        )
        select page.id, coalesce(best.matches, '[]'::jsonb)
        from page left join lateral (
          select jsonb_agg(jsonb_build_object('messageId', b.id, 'role', b.role, 'snippet', b.snippet)) as matches
          from (
            select m.id, m.role, case
              when length(m.content) <= 200 then m.content
              when p_literal is null then ts_headline('simple', left(m.content, 20000), query,
                'StartSel="", StopSel="", MaxFragments=1, MaxWords=32, MinWords=12')
              else substr(m.content, greatest(1, position(p_literal in lower(m.content)) - 40), 160) end as snippet
            from matching m where m.conversation_id = page.id
            order by m.rank desc, m.created_at desc, m.id limit 3
          ) b
        ) best on true
        order by page.created_at desc, page.id desc;
    end $$;
  revoke execute on function chat.search_conversations from public;
  grant execute on function chat.search_conversations to parley_chat;`;

/** What an interrupted answer has said can be searched as well. */
const INTERRUPT_STALE_RUNS = `
  create or replace function chat.interrupt_stale_runs(stale_after interval) returns integer
    language sql security definer set search_path = pg_catalog, pg_temp as $$
      with stale as (
        select id from chat.runs
        where status in ('queued', 'in_progress') and heartbeat_at < now() - stale_after
        for update skip locked
      ), interrupted as (
        update chat.runs r
        set status = case when r.cancel_requested_at is null then 'interrupted' else 'cancelled' end,
          finished_at = now(),
          error_code = case when r.cancel_requested_at is null then 'stream_interrupted' else 'run_cancelled' end,
          error_message = case when r.cancel_requested_at is null
            then 'The service that was writing this answer stopped.' else 'The run was cancelled.' end,
          total_ms = extract(epoch from now() - r.created_at) * 1000
        from stale where r.id = stale.id
        returning r.message_id
      ), worded as (
        update chat.messages m set words = chat.message_words(m.content)
        from interrupted where m.id = interrupted.message_id
      )
      select count(*)::integer from interrupted
    $$;`;

export class ConversationCare1700000000611 implements MigrationInterface {
  name = 'ConversationCare1700000000611';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('set local role parley_owner');
    for (const sql of [COLUMNS, FEEDBACK, WORDS, SEARCH, INTERRUPT_STALE_RUNS]) await queryRunner.query(sql);
    await queryRunner.query(tenantIsolationSql('chat.feedback', { parley_chat: 'select, insert, update, delete' }));
    await queryRunner.query('set local role none');
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      create or replace function chat.interrupt_stale_runs(stale_after interval) returns integer
        language sql security definer set search_path = pg_catalog, pg_temp as $$
          with stale as (
            select id from chat.runs
            where status in ('queued', 'in_progress') and heartbeat_at < now() - stale_after
            for update skip locked
          ), interrupted as (
            update chat.runs r
            set status = case when r.cancel_requested_at is null then 'interrupted' else 'cancelled' end,
              finished_at = now(),
              error_code = case when r.cancel_requested_at is null then 'stream_interrupted' else 'run_cancelled' end,
              error_message = case when r.cancel_requested_at is null
                then 'The service that was writing this answer stopped.' else 'The run was cancelled.' end,
              total_ms = extract(epoch from now() - r.created_at) * 1000
            from stale where r.id = stale.id
            returning r.status
          )
          select count(*)::integer from interrupted
        $$;
      drop function chat.search_conversations, chat.words_query(text);
      drop index chat.messages_by_words;
      alter table chat.messages drop column words;
      drop function chat.message_words(text);
      drop table chat.feedback;
      alter table chat.conversations drop column title_source`);
  }
}
