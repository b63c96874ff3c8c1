/**
 * Run, conversation and messages at once, and nothing at all when the run exists.
 * $1 run, $2 tenant, $3 user, $4 assistant, $5 provider, $6 model, $7 queue ms, $8 metadata, $9 owner, $10 conversation,
 * $11 message of the answer, $12 whether the conversation is new, $13 its title if it has none, $14 messages,
 * $15 the one that the answer follows, $16 requested model
 */
export const BEGIN_RUN = `
  with run as (
    insert into chat.runs (id, tenant_id, user_id, assistant_id, status, provider, model, queue_ms, metadata, owner,
      conversation_id, message_id, parent_id, requested_model)
    values ($1, $2, $3, $4, 'in_progress', $5, $6, $7, $8, $9, $10::uuid, $11, $15::uuid, $16)
    on conflict (id) do nothing
    returning created_at
  ), new_conversation as (
    insert into chat.conversations (id, tenant_id, user_id, assistant_id, title, title_source, head_id)
    select $10::uuid, $2, $3, $4, $13::text, case when $13 is not null then 'message' end, $15::uuid from run where $12::boolean
  ), continued_conversation as (
    update chat.conversations set updated_at = now(), head_id = $15::uuid, title = coalesce(title, $13),
      title_source = case when title is null and $13 is not null then 'message' else title_source end
    where id = $10::uuid and tenant_id = $2 and user_id = $3 and not $12::boolean and exists (select 1 from run)
  ), messages as (
    insert into chat.messages (id, tenant_id, user_id, conversation_id, parent_id, role, content, tool_calls, tool_call_id,
      history_hash, words)
    select m.id, $2, $3, $10::uuid, m.parent_id, m.role, m.content, m.tool_calls, m.tool_call_id,
      decode(m.history_hash, 'hex'), case when m.role in ('user', 'assistant') then chat.message_words(m.content) end
    from run, jsonb_to_recordset($14::jsonb) as m (id uuid, parent_id uuid, role text, content text, tool_calls jsonb,
      tool_call_id text, history_hash text)
  )
  select created_at from run`;

/**
 * The answer so far. A conversation that has not gone on elsewhere goes on behind it. $1 run, $2 tenant, $3 user,
 * $4 text, $5 outline
 */
export const CHECKPOINT_RUN = `
  with message as (
    insert into chat.messages (id, tenant_id, user_id, conversation_id, parent_id, role, content, run_id, outline)
    select r.message_id, r.tenant_id, r.user_id, c.id, parent.id, 'assistant', $4, r.id, $5::jsonb
    from chat.runs r join chat.conversations c on c.id = r.conversation_id
    left join chat.messages parent on parent.id = r.parent_id
    where r.id = $1 and r.tenant_id = $2 and r.user_id = $3 and r.status = 'in_progress'
    on conflict (id) do update set content = excluded.content, outline = excluded.outline
    returning id, conversation_id, parent_id
  )
  update chat.conversations c set head_id = m.id
  from message m where c.id = m.conversation_id and c.head_id is not distinct from m.parent_id`;

/**
 * The run's last state with its answer, unless it has ended in another one. Once more with the same state changes nothing,
 * for callers who do not know whether the first time worked.
 * $1 run, $2 tenant, $3 user, $4 status, $5 finish reason, $6 $7 error, $8–$12 usage, $13–$15 timings in ms,
 * $16 text (null: no message), $17 annotations, $18 tool calls, $19 history hash, $20 extent of what was told,
 * $21 cost, $22 $23 provider and model that answered (null: nobody did), $24 outline
 */
export const FINISH_RUN = `
  with run as (
    update chat.runs
    set status = $4, finish_reason = $5, error_code = $6, error_message = $7, prompt_tokens = $8, completion_tokens = $9,
      cached_tokens = $10, reasoning_tokens = $11, usage_estimated = $12, retrieval_ms = $13, first_token_ms = $14,
      total_ms = $15, output_extent = $20, cost_micros = $21::bigint, provider = coalesce($22, provider),
      model = coalesce($23, model), finished_at = now()
    where id = $1 and tenant_id = $2 and user_id = $3 and status in ('in_progress', $4)
    returning id, tenant_id, user_id, conversation_id, message_id, parent_id
  ), message as (
    insert into chat.messages (id, tenant_id, user_id, conversation_id, parent_id, role, content, annotations, tool_calls,
      run_id, history_hash, words, outline)
    select r.message_id, r.tenant_id, r.user_id, c.id, parent.id, 'assistant', $16, $17::jsonb, $18::jsonb, r.id, $19::bytea,
      chat.message_words($16), $24::jsonb
    from run r join chat.conversations c on c.id = r.conversation_id
    left join chat.messages parent on parent.id = r.parent_id
    where $16::text is not null
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
  select id from run`;
