import { type MigrationInterface, type QueryRunner } from 'typeorm';

/** How answers of all tenants fared in the last seconds. Runs as the owner and tells nothing of whose they were. */
const STREAMING_STATISTICS = `
  create function chat.streaming_statistics(p_seconds integer) returns jsonb
    language sql stable security definer set search_path = pg_catalog, pg_temp as $$
      with ended as materialized (
        select r.status, r.error_code, r.first_token_ms, r.total_ms, r.completion_tokens
        from chat.runs r
        where r.created_at > now() - (p_seconds + 3600) * interval '1 second'
          and r.finished_at > now() - p_seconds * interval '1 second'
        limit 1000000
      ), answered as (
        select * from ended where first_token_ms is not null
      )
      select jsonb_build_object(
        'active', (select count(*) from chat.runs r where r.status in ('queued', 'in_progress')),
        'completed', (select count(*) from ended where status in ('completed', 'incomplete')),
        'cancelled', (select count(*) from ended where status = 'cancelled'),
        'failed', (select count(*) from ended where status = 'failed'),
        'interrupted', (select count(*) from ended where status = 'interrupted'),
        'firstTokenMs', (select jsonb_build_object('average', avg(first_token_ms),
          'p50', percentile_cont(0.5) within group (order by first_token_ms),
          'p95', percentile_cont(0.95) within group (order by first_token_ms)) from answered),
        'totalMs', (select jsonb_build_object('average', avg(total_ms),
          'p50', percentile_cont(0.5) within group (order by total_ms),
          'p95', percentile_cont(0.95) within group (order by total_ms)) from answered where total_ms is not null),
        'tokensPerSecond', (select sum(completion_tokens) * 1000.0 / nullif(sum(total_ms - first_token_ms), 0)
          from answered where total_ms > first_token_ms and completion_tokens > 0),
        'errors', (select coalesce(jsonb_agg(jsonb_build_object('code', e.error_code, 'count', e.count) order by e.count desc), '[]')
          from (select error_code, count(*) from ended where error_code is not null group by 1 order by 2 desc limit 10) e)
      )
    $$;
  revoke execute on function chat.streaming_statistics from public;
  grant execute on function chat.streaming_statistics to parley_chat;
  create index runs_by_time on chat.runs using brin (created_at) with (pages_per_range = 32);`;

export class RunStatistics1700000000660 implements MigrationInterface {
  name = 'RunStatistics1700000000660';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('set local role parley_owner');
    await queryRunner.query(STREAMING_STATISTICS);
    await queryRunner.query('set local role none');
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('drop index chat.runs_by_time; drop function chat.streaming_statistics');
  }
}
