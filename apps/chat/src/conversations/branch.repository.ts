/**
 * The ids of a message and of those before it, for a query of TypeORM's: `:leaf`, `:conversationId`, `:tenantId`,
 * `:userId`, how many at most, `:depth`, and where to stop before that, `:until`.
 */
export const BRANCH_UP = `
  with recursive branch as (
    select m.id, m.parent_id, 1 as depth from chat.messages m
    where m.id = :leaf and m.conversation_id = :conversationId and m.tenant_id = :tenantId and m.user_id = :userId
    union all
    select m.id, m.parent_id, branch.depth + 1 from branch join chat.messages m on m.id = branch.parent_id
    where branch.depth < :depth and branch.id is distinct from :until::uuid
  )
  select id from branch`;

/** The end of the branch behind a message: wherever several follow, the newest. $1 message, $2 conversation, $3 tenant, $4 user */
export const BRANCH_DOWN = `
  with recursive branch as (
    select m.id, 1 as depth from chat.messages m
    where m.id = $1 and m.conversation_id = $2 and m.tenant_id = $3 and m.user_id = $4
    union all
    select next.id, branch.depth + 1 from branch, lateral (
      select m.id from chat.messages m where m.parent_id = branch.id order by m.created_at desc, m.id desc limit 1
    ) next
  )
  select id from branch order by depth desc limit 1`;

/** Messages by the one they follow. $1 conversation, $2 tenant, $3 user, $4 those that are followed, $5 whether first messages count */
export const SIBLINGS = `
  select coalesce(parent_id::text, '') as parent, array_agg(id order by created_at, id) as ids from chat.messages
  where conversation_id = $1 and tenant_id = $2 and user_id = $3
    and (parent_id = any($4::uuid[]) or ($5::boolean and parent_id is null))
  group by 1`;

/** What was said before them is not what it was. $1 message, $2 tenant, $3 user */
export const FORGET_HASHES_BEHIND = `
  with recursive behind as (
    select id from chat.messages where parent_id = $1
    union all
    select m.id from behind join chat.messages m on m.parent_id = behind.id
  )
  update chat.messages m set history_hash = null from behind
  where m.id = behind.id and m.tenant_id = $2 and m.user_id = $3`;
