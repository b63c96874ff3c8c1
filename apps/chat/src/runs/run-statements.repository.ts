/**
 * Run, conversation and messages at once, and nothing at all when the run exists.
 * $1 run, $2 tenant, $3 user, $4 assistant, $5 provider, $6 model, $7 queue ms, $8 metadata, $9 owner, $10 conversation,
 * $11 message of the answer, $12 whether the conversation is new, $13 its title, $14 messages
 */
export const BEGIN_RUN = `
  with run as (
    insert into chat.runs (id, tenant_id, user_id, assistant_id, status, provider, model, queue_ms, metadata, owner,
      conversation_id, message_id)
    values ($1, $2, $3, $4, 'in_progress', $5, $6, $7, $8, $9, $10::uuid, $11)
    on conflict (id) do nothing
    returning created_at
  ), new_conversation as (
    insert into chat.conversations (id, tenant_id, user_id, assistant_id, title)
    select $10::uuid, $2, $3, $4, $13 from run where $12::boolean
  ), continued_conversation as (
    update chat.conversations set updated_at = now()
    where id = $10::uuid and tenant_id = $2 and user_id = $3 and not $12::boolean and exists (select 1 from run)
  ), messages as (
    insert into chat.messages (id, tenant_id, user_id, conversation_id, role, content, tool_calls, tool_call_id)
    select m.id, $2, $3, $10::uuid, m.role, m.content, m.tool_calls, m.tool_call_id
    from run, jsonb_to_recordset($14::jsonb) as m (id uuid, role text, content text, tool_calls jsonb, tool_call_id text)
  )
  select created_at from run`;

/** The answer so far. $1 run, $2 tenant, $3 user, $4 text */
export const CHECKPOINT_RUN = `
  insert into chat.messages (id, tenant_id, user_id, conversation_id, role, content, run_id)
  select r.message_id, r.tenant_id, r.user_id, c.id, 'assistant', $4, r.id
  from chat.runs r join chat.conversations c on c.id = r.conversation_id
  where r.id = $1 and r.tenant_id = $2 and r.user_id = $3 and r.status = 'in_progress'
  on conflict (id) do update set content = excluded.content`;

/**
 * The run's last state with its answer, unless it has ended in another one. Once more with the same state changes nothing,
 * for callers who do not know whether the first time worked.
 * $1 run, $2 tenant, $3 user, $4 status, $5 finish reason, $6 $7 error, $8–$12 usage, $13–$15 timings in ms,
 * $16 text (null: no message), $17 annotations, $18 tool calls, $19 history hash, $20 extent of what was told
 */
export const FINISH_RUN = `
  with run as (
    update chat.runs
    set status = $4, finish_reason = $5, error_code = $6, error_message = $7, prompt_tokens = $8, completion_tokens = $9,
      cached_tokens = $10, reasoning_tokens = $11, usage_estimated = $12, retrieval_ms = $13, first_token_ms = $14,
      total_ms = $15, output_extent = $20, finished_at = now()
    where id = $1 and tenant_id = $2 and user_id = $3 and status in ('in_progress', $4)
    returning id, tenant_id, user_id, conversation_id, message_id
  ), message as (
    insert into chat.messages (id, tenant_id, user_id, conversation_id, role, content, annotations, tool_calls, run_id)
    select r.message_id, r.tenant_id, r.user_id, c.id, 'assistant', $16, $17::jsonb, $18::jsonb, r.id
    from run r join chat.conversations c on c.id = r.conversation_id
    where $16::text is not null
    on conflict (id) do update
    set content = excluded.content, annotations = excluded.annotations, tool_calls = excluded.tool_calls
  ), conversation as (
    update chat.conversations c
    set updated_at = now(), history_hash = coalesce($19::bytea, c.history_hash)
    from run r where c.id = r.conversation_id
  )
  select id from run`;
