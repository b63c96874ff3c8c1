import { type MigrationInterface, type QueryRunner } from 'typeorm';
import { tenantIsolationSql } from '../tenant-isolation.js';

const CHAT_ROLE = { parley_chat: 'select, insert, update, delete' };

const ASSISTANTS = `
  create table chat.assistants (
    id uuid primary key,
    tenant_id uuid not null,
    name text not null,
    instructions text,
    model text,
    knowledge_base_ids uuid[] not null default '{}',
    temperature double precision,
    max_output_tokens integer,
    metadata jsonb not null default '{}',
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
  );
  create index assistants_by_age on chat.assistants (tenant_id, created_at, id);`;

/** history_hash is the SHA-256 chain over the turns that were answered: by it a client's history finds its conversation. */
const CONVERSATIONS = `
  create table chat.conversations (
    id uuid primary key,
    tenant_id uuid not null,
    user_id uuid not null,
    assistant_id uuid references chat.assistants on delete set null,
    title text,
    metadata jsonb not null default '{}',
    history_hash bytea,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
  );
  create index conversations_by_age on chat.conversations (tenant_id, user_id, created_at, id);
  create index conversations_by_history on chat.conversations (tenant_id, user_id, history_hash)
    where history_hash is not null;
  create index conversations_by_assistant on chat.conversations (assistant_id) where assistant_id is not null;`;

/** Runs outlive their conversation, because usage is accounted by them; they hold no text. */
const RUNS = `
  create table chat.runs (
    id uuid primary key,
    tenant_id uuid not null,
    user_id uuid not null,
    conversation_id uuid references chat.conversations on delete set null,
    message_id uuid,
    assistant_id uuid,
    status text not null check (status in
      ('queued', 'in_progress', 'completed', 'incomplete', 'failed', 'cancelled', 'interrupted')),
    provider text not null,
    model text not null,
    finish_reason text,
    error_code text,
    error_message text,
    prompt_tokens integer,
    completion_tokens integer,
    cached_tokens integer,
    reasoning_tokens integer,
    usage_estimated boolean,
    queue_ms integer,
    retrieval_ms integer,
    first_token_ms integer,
    total_ms integer,
    metadata jsonb not null default '{}',
    owner uuid not null,
    heartbeat_at timestamptz not null default now(),
    created_at timestamptz not null default now(),
    finished_at timestamptz
  );
  create index runs_by_age on chat.runs (tenant_id, user_id, created_at, id);
  create index runs_by_conversation on chat.runs (conversation_id) where conversation_id is not null;
  create index runs_under_way on chat.runs (heartbeat_at) where status in ('queued', 'in_progress');`;

const MESSAGES = `
  create table chat.messages (
    id uuid primary key,
    tenant_id uuid not null,
    user_id uuid not null,
    conversation_id uuid not null references chat.conversations on delete cascade,
    role text not null check (role in ('user', 'assistant', 'tool')),
    content text not null,
    annotations jsonb not null default '[]',
    tool_calls jsonb,
    tool_call_id text,
    run_id uuid,
    created_at timestamptz not null default now()
  );
  create index messages_in_order on chat.messages (conversation_id, created_at, id);`;

/** Runs of all tenants, which row-level security would hide: callers give nothing but ids of their own process. */
const RUN_FUNCTIONS = `
  create function chat.renew_runs(run_owner uuid, run_ids uuid[]) returns void
    language sql security definer set search_path = pg_catalog, pg_temp as $$
      update chat.runs set heartbeat_at = now()
      where id = any(run_ids) and owner = run_owner and status in ('queued', 'in_progress')
    $$;
  create function chat.interrupt_stale_runs(stale_after interval) returns integer
    language sql security definer set search_path = pg_catalog, pg_temp as $$
      with stale as (
        select id from chat.runs
        where status in ('queued', 'in_progress') and heartbeat_at < now() - stale_after
        for update skip locked
      ), interrupted as (
        update chat.runs r
        set status = 'interrupted', finished_at = now(), error_code = 'stream_interrupted',
          error_message = 'The service that was writing this answer stopped.',
          total_ms = extract(epoch from now() - r.created_at) * 1000
        from stale where r.id = stale.id
        returning 1
      )
      select count(*)::integer from interrupted
    $$;
  revoke execute on function chat.renew_runs(uuid, uuid[]) from public;
  revoke execute on function chat.interrupt_stale_runs(interval) from public;
  grant execute on function chat.renew_runs(uuid, uuid[]) to parley_chat;
  grant execute on function chat.interrupt_stale_runs(interval) to parley_chat;`;

export class Chat1700000000200 implements MigrationInterface {
  name = 'Chat1700000000200';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('set local role parley_owner');
    for (const ddl of [ASSISTANTS, CONVERSATIONS, RUNS, MESSAGES, RUN_FUNCTIONS]) await queryRunner.query(ddl);
    for (const table of ['assistants', 'conversations', 'runs', 'messages']) {
      await queryRunner.query(tenantIsolationSql(`chat.${table}`, CHAT_ROLE));
    }
    await queryRunner.query('set local role none');
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('drop function if exists chat.renew_runs(uuid, uuid[])');
    await queryRunner.query('drop function if exists chat.interrupt_stale_runs(interval)');
    await queryRunner.query('drop table if exists chat.messages, chat.runs, chat.conversations, chat.assistants');
  }
}
