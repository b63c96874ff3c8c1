import { type MigrationInterface, type QueryRunner } from 'typeorm';

/** A process that was away for so long that its runs were interrupted hears of it: it must not go on with them. */
const RENEW_RUNS = `
  create or replace function chat.renew_runs(run_owner uuid, run_ids uuid[]) returns table (run_id uuid)
    language sql security definer set search_path = pg_catalog, pg_temp as $$
      with renewed as (
        update chat.runs set heartbeat_at = now()
        where id = any(run_ids) and owner = run_owner and status in ('queued', 'in_progress')
        returning id, cancel_requested_at
      )
      select id from renewed where cancel_requested_at is not null
      union all
      select id from chat.runs where id = any(run_ids) and status = 'interrupted'
    $$;`;

const RENEW_RUNS_BEFORE = `
  create or replace function chat.renew_runs(run_owner uuid, run_ids uuid[]) returns table (run_id uuid)
    language sql security definer set search_path = pg_catalog, pg_temp as $$
      with renewed as (
        update chat.runs set heartbeat_at = now()
        where id = any(run_ids) and owner = run_owner and status in ('queued', 'in_progress')
        returning id, cancel_requested_at
      )
      select id from renewed where cancel_requested_at is not null
    $$;`;

export class LostRuns1700000000640 implements MigrationInterface {
  name = 'LostRuns1700000000640';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('set local role parley_owner');
    await queryRunner.query(RENEW_RUNS);
    await queryRunner.query('set local role none');
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(RENEW_RUNS_BEFORE);
  }
}
