import { type MigrationInterface, type QueryRunner } from 'typeorm';

/**
 * Figures of all tenants, for whoever watches the installation: totals and names, and nothing that a tenant has written. A
 * login for it is made a member of `parley_monitor`, which may call these functions and read no table.
 */
const ROLE = `
  do $$ begin
    create role parley_monitor nologin;
  exception when duplicate_object or unique_violation then null;
  end $$;`;

/** One index range a user, so that a short time costs little however much there is. */
const USAGE = `
  create function chat.tenant_usage(p_since timestamptz, p_until timestamptz)
    returns table (tenant text, answers bigint, failed bigint, tokens bigint, cost_micros bigint)
    language sql stable security definer set search_path = pg_catalog, pg_temp as $$
      select t.name, coalesce(r.answers, 0), coalesce(r.failed, 0), coalesce(r.tokens, 0) + coalesce(u.tokens, 0),
        coalesce(r.cost_micros, 0) + coalesce(u.cost_micros, 0) as cost_micros
      from identity.tenants t
      left join lateral (
        select count(*)::bigint as answers,
          count(*) filter (where r.status in ('failed', 'interrupted'))::bigint as failed,
          sum(r.prompt_tokens + r.completion_tokens)::bigint as tokens, sum(r.cost_micros)::bigint as cost_micros
        from identity.users w
        join chat.runs r on r.tenant_id = t.id and r.user_id = w.id and r.created_at >= p_since and r.created_at < p_until
        where w.tenant_id = t.id
      ) r on true
      left join lateral (
        select sum(u.prompt_tokens + u.completion_tokens)::bigint as tokens, sum(u.cost_micros)::bigint as cost_micros
        from chat.usage_records u where u.tenant_id = t.id and u.created_at >= p_since and u.created_at < p_until
      ) u on true
      order by cost_micros desc, 4 desc, t.name limit 100
    $$;`;

const STORAGE = `
  create function memory.tenant_storage()
    returns table (tenant text, documents bigint, failed bigint, chunks bigint, bytes bigint)
    language sql stable security definer set search_path = pg_catalog, pg_temp as $$
      select t.name, count(d.id)::bigint, count(d.id) filter (where d.status = 'failed')::bigint,
        coalesce(sum(d.chunk_count), 0)::bigint, coalesce(sum(d.usage_bytes), 0)::bigint as bytes
      from identity.tenants t left join memory.documents d on d.tenant_id = t.id
      group by t.id order by bytes desc, t.name limit 100
    $$;`;

const ACCESS = `
  revoke execute on function chat.tenant_usage, memory.tenant_storage from public;
  grant usage on schema chat, memory to parley_monitor;
  grant execute on function chat.tenant_usage, memory.tenant_storage to parley_monitor;`;

export class TenantFigures1700000000650 implements MigrationInterface {
  name = 'TenantFigures1700000000650';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(ROLE);
    await queryRunner.query('set local role parley_owner');
    for (const ddl of [USAGE, STORAGE, ACCESS]) await queryRunner.query(ddl);
    await queryRunner.query('set local role none');
  }

  /** The role belongs to the whole server and stays. */
  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      drop function chat.tenant_usage, memory.tenant_storage;
      revoke usage on schema chat, memory from parley_monitor;`);
  }
}
