import { type MigrationInterface, type QueryRunner } from 'typeorm';

/**
 * Run, conversation, messages and what is kept of the request, at once, and nothing at all when the run exists. As a
 * function, because a session plans its statement once; it runs as its caller, under row-level security.
 * @returns when the run began; no row when it exists
 */
const BEGIN_RUN = `
  create function chat.begin_run(p_run uuid, p_tenant uuid, p_user uuid, p_assistant uuid, p_provider text, p_model text,
    p_queue_ms integer, p_metadata jsonb, p_owner uuid, p_conversation uuid, p_message uuid, p_is_new boolean,
    p_title text, p_messages jsonb, p_parent uuid, p_requested_model text, p_kind text, p_request jsonb)
    returns setof timestamptz language plpgsql as $$
    begin
      return query
      with run as (
        insert into chat.runs (id, tenant_id, user_id, assistant_id, status, provider, model, queue_ms, metadata, owner,
          conversation_id, message_id, parent_id, requested_model)
        values (p_run, p_tenant, p_user, p_assistant, 'in_progress', p_provider, p_model, p_queue_ms, p_metadata, p_owner,
          p_conversation, p_message, p_parent, p_requested_model)
        on conflict (id) do nothing
        returning created_at
      ), new_conversation as (
        insert into chat.conversations (id, tenant_id, user_id, assistant_id, title, title_source, head_id)
        select p_conversation, p_tenant, p_user, p_assistant, p_title, case when p_title is not null then 'message' end,
          p_parent
        from run where p_is_new
      ), continued_conversation as (
        update chat.conversations c set updated_at = now(), head_id = p_parent, title = coalesce(c.title, p_title),
          title_source = case when c.title is null and p_title is not null then 'message' else c.title_source end
        where c.id = p_conversation and c.tenant_id = p_tenant and c.user_id = p_user and not p_is_new
          and exists (select 1 from run)
      ), messages as (
        insert into chat.messages (id, tenant_id, user_id, conversation_id, parent_id, role, content, tool_calls,
          tool_call_id, history_hash, words)
        select m.id, p_tenant, p_user, p_conversation, m.parent_id, m.role, m.content, m.tool_calls, m.tool_call_id,
          decode(m.history_hash, 'hex'), case when m.role in ('user', 'assistant') then chat.message_words(m.content) end
        from run, jsonb_to_recordset(p_messages) as m (id uuid, parent_id uuid, role text, content text, tool_calls jsonb,
          tool_call_id text, history_hash text)
      ), stored_request as (
        insert into chat.stored_requests (run_id, tenant_id, user_id, conversation_id, kind, model, request, added_ids)
        select p_run, p_tenant, p_user, p_conversation, p_kind, p_requested_model, p_request,
          array(select (m.value ->> 'id')::uuid from jsonb_array_elements(p_messages) with ordinality m order by m.ordinality)
        from run where p_kind is not null
      )
      select run.created_at from run;
    end
    $$;
  revoke execute on function chat.begin_run from public;
  grant execute on function chat.begin_run to parley_chat;`;

/**
 * A run's last state with its answer (no text: no message), unless it has ended in another one. Once more with the same
 * state changes nothing, for callers who do not know whether the first time worked. Provider and model are those that
 * answered, null when nobody did.
 * @returns whether this is the run's last state
 */
const FINISH_RUN = `
  create function chat.finish_run(p_run uuid, p_tenant uuid, p_user uuid, p_status text, p_finish_reason text,
    p_error_code text, p_error_message text, p_prompt_tokens integer, p_completion_tokens integer, p_cached_tokens integer,
    p_reasoning_tokens integer, p_usage_estimated boolean, p_retrieval_ms integer, p_first_token_ms integer,
    p_total_ms integer, p_text text, p_annotations jsonb, p_tool_calls jsonb, p_history_hash bytea, p_output_extent integer,
    p_cost_micros bigint, p_provider text, p_model text, p_outline jsonb)
    returns boolean language plpgsql as $$
    declare
      is_last boolean;
    begin
      with run as (
        update chat.runs r
        set status = p_status, finish_reason = p_finish_reason, error_code = p_error_code, error_message = p_error_message,
          prompt_tokens = p_prompt_tokens, completion_tokens = p_completion_tokens, cached_tokens = p_cached_tokens,
          reasoning_tokens = p_reasoning_tokens, usage_estimated = p_usage_estimated, retrieval_ms = p_retrieval_ms,
          first_token_ms = p_first_token_ms, total_ms = p_total_ms, output_extent = p_output_extent,
          cost_micros = p_cost_micros, provider = coalesce(p_provider, r.provider), model = coalesce(p_model, r.model),
          finished_at = now()
        where r.id = p_run and r.tenant_id = p_tenant and r.user_id = p_user and r.status in ('in_progress', p_status)
        returning r.id, r.tenant_id, r.user_id, r.conversation_id, r.message_id, r.parent_id
      ), message as (
        insert into chat.messages (id, tenant_id, user_id, conversation_id, parent_id, role, content, annotations,
          tool_calls, run_id, history_hash, words, outline)
        select r.message_id, r.tenant_id, r.user_id, c.id, parent.id, 'assistant', p_text, p_annotations, p_tool_calls, r.id,
          p_history_hash, chat.message_words(p_text), p_outline
        from run r join chat.conversations c on c.id = r.conversation_id
        left join chat.messages parent on parent.id = r.parent_id
        where p_text is not null
        on conflict (id) do update
        set content = excluded.content, annotations = excluded.annotations, tool_calls = excluded.tool_calls,
          history_hash = excluded.history_hash, words = excluded.words, outline = excluded.outline
        returning id, parent_id
      ), conversation as (
        update chat.conversations c
        set updated_at = now(),
          head_id = case when m.id is not null and c.head_id is not distinct from m.parent_id then m.id else c.head_id end
        from run r left join message m on m.id = r.message_id where c.id = r.conversation_id
      )
      select exists (select 1 from run) into is_last;
      return is_last;
    end
    $$;
  revoke execute on function chat.finish_run from public;
  grant execute on function chat.finish_run to parley_chat;`;

export class RunFunctions1700000000700 implements MigrationInterface {
  name = 'RunFunctions1700000000700';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('set local role parley_owner');
    await queryRunner.query(BEGIN_RUN);
    await queryRunner.query(FINISH_RUN);
    await queryRunner.query('set local role none');
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('drop function chat.begin_run; drop function chat.finish_run');
  }
}
