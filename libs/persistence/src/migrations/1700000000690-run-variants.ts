import { type MigrationInterface, type QueryRunner } from 'typeorm';

const COLUMN = `
  alter table chat.runs add column variants text[];
  comment on column chat.runs.variants is 'How it was served under feature flags: streaming:on. Null: none bears on it.'`;

/** How the runs of a variant fared, of all tenants: the newest 10,000 at most, without a trace of whose they were. */
const STATISTICS = `
  create function chat.variant_statistics(p_variant text, p_since timestamptz) returns jsonb
    language sql stable security definer set search_path = pg_catalog, pg_temp as $$
      with ended as materialized (
        select r.status, r.first_token_ms from chat.runs r
        where r.variants is not null and r.finished_at >= p_since and r.variants @> array[p_variant]
        order by r.finished_at desc limit 10000
      )
      select jsonb_build_object(
        'completed', count(*) filter (where status in ('completed', 'incomplete')),
        'cancelled', count(*) filter (where status = 'cancelled'),
        'failed', count(*) filter (where status = 'failed'),
        'interrupted', count(*) filter (where status = 'interrupted'),
        'answered', count(first_token_ms),
        'firstTokenMs', coalesce(sum(first_token_ms), 0)
      ) from ended
    $$;
  revoke execute on function chat.variant_statistics from public;
  grant execute on function chat.variant_statistics to parley_chat;`;

export class RunVariants1700000000690 implements MigrationInterface {
  name = 'RunVariants1700000000690';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('set local role parley_owner');
    for (const sql of [COLUMN, STATISTICS]) await queryRunner.query(sql);
    await queryRunner.query('set local role none');
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('drop function chat.variant_statistics; alter table chat.runs drop column variants');
  }
}
