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
