import { type MigrationInterface, type QueryRunner } from 'typeorm';

const COLUMNS = `
  alter table chat.runs add column cancel_requested_at timestamptz, add column output_extent integer;`;

/** Says of the runs of a living process which of them somebody wants to stop, in case the signal was missed. */
const RENEW_RUNS = `
  drop function chat.renew_runs(uuid, uuid[]);
  create function chat.renew_runs(run_owner uuid, run_ids uuid[]) returns table (run_id uuid)
    language sql security definer set search_path = pg_catalog, pg_temp as $$
      with renewed as (
        update chat.runs set heartbeat_at = now()
        where id = any(run_ids) and owner = run_owner and status in ('queued', 'in_progress')
        returning id, cancel_requested_at
      )
      select id from renewed where cancel_requested_at is not null
    $$;
  revoke execute on function chat.renew_runs(uuid, uuid[]) from public;
  grant execute on function chat.renew_runs(uuid, uuid[]) to parley_chat;`;

/** A run that was to stop when its process died has stopped. */
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
        returning r.status
      )
      select count(*)::integer from interrupted
    $$;`;

export class RunControl1700000000600 implements MigrationInterface {
  name = 'RunControl1700000000600';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('set local role parley_owner');
    for (const ddl of [COLUMNS, RENEW_RUNS, INTERRUPT_STALE_RUNS]) await queryRunner.query(ddl);
    await queryRunner.query('set local role none');
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      drop function chat.renew_runs(uuid, uuid[]);
      create function chat.renew_runs(run_owner uuid, run_ids uuid[]) returns void
        language sql security definer set search_path = pg_catalog, pg_temp as $$
          update chat.runs set heartbeat_at = now()
          where id = any(run_ids) and owner = run_owner and status in ('queued', 'in_progress')
        $$;
      revoke execute on function chat.renew_runs(uuid, uuid[]) from public;
      grant execute on function chat.renew_runs(uuid, uuid[]) to parley_chat`);
    await queryRunner.query('alter table chat.runs drop column cancel_requested_at, drop column output_extent');
  }
}
