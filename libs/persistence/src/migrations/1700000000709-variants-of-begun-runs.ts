import { type MigrationInterface, type QueryRunner } from 'typeorm';

/** Beside each other the two would be one too many: a call without variants, as older processes make, would fit both. */
const OLD = `drop function chat.begin_run(uuid, uuid, uuid, uuid, text, text, integer, jsonb, uuid, uuid, uuid, boolean, text,
  jsonb, uuid, text, text, jsonb)`;

/** As it was, with the variants that the run is served under. */
const BEGIN_RUN = `
  create function chat.begin_run(p_run uuid, p_tenant uuid, p_user uuid, p_assistant uuid, p_provider text, p_model text,
    p_queue_ms integer, p_metadata jsonb, p_owner uuid, p_conversation uuid, p_message uuid, p_is_new boolean,
    p_title text, p_messages jsonb, p_parent uuid, p_requested_model text, p_kind text, p_request jsonb,
    p_variants text[] default null)
    returns setof timestamptz language plpgsql as $$
    begin
      return query
      with run as (
        insert into chat.runs (id, tenant_id, user_id, assistant_id, status, provider, model, queue_ms, metadata, owner,
          conversation_id, message_id, parent_id, requested_model, variants)
        values (p_run, p_tenant, p_user, p_assistant, 'in_progress', p_provider, p_model, p_queue_ms, p_metadata, p_owner,
          p_conversation, p_message, p_parent, p_requested_model, p_variants)
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

export class VariantsOfBegunRuns1700000000709 implements MigrationInterface {
  name = 'VariantsOfBegunRuns1700000000709';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('set local role parley_owner');
    await queryRunner.query(OLD);
    await queryRunner.query(BEGIN_RUN);
    await queryRunner.query('set local role none');
  }

  /** Calls that name no variants go on working with it. */
  async down(): Promise<void> {}
}
