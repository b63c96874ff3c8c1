import { type MigrationInterface, type QueryRunner } from 'typeorm';
import { tenantIsolationSql } from '../tenant-isolation.js';

/**
 * Flags are those of the whole installation and belong to its first tenant, whose administrators alone see and set them.
 * What the code knows has no row until its share is set.
 */
const TABLES = `
  create table identity.feature_flags (
    tenant_id uuid not null references identity.tenants (id) on delete cascade,
    feature text not null check (feature ~ '^[a-z][a-z0-9-]{0,63}$'),
    description text not null check (length(description) <= 500),
    percentage smallint not null check (percentage between 0 and 100),
    model text check (length(model) between 1 and 256),
    replacement text check (length(replacement) between 1 and 256),
    updated_at timestamptz not null default now(),
    primary key (tenant_id, feature),
    check ((model is null) = (replacement is null))
  );
  create unique index feature_flags_one_per_model on identity.feature_flags (tenant_id, model) where model is not null;

  create table identity.rollouts (
    id uuid primary key,
    tenant_id uuid not null references identity.tenants (id) on delete cascade,
    feature text not null,
    started_by uuid references identity.users (id) on delete set null,
    stages jsonb not null,
    gates jsonb not null,
    stage integer not null,
    stage_began_at timestamptz not null default now(),
    state text not null check (state in ('running', 'completed', 'rolled_back', 'stopped')),
    verdict jsonb,
    check_at timestamptz not null default now(),
    created_at timestamptz not null default now(),
    ended_at timestamptz,
    foreign key (tenant_id, feature) references identity.feature_flags (tenant_id, feature) on delete cascade
  );
  create unique index rollouts_one_running on identity.rollouts (tenant_id, feature) where state = 'running';
  create index rollouts_due on identity.rollouts (check_at) where state = 'running';
  create index rollouts_newest on identity.rollouts (tenant_id, feature, id);
  create index rollouts_started_by on identity.rollouts (started_by);

  create table identity.flag_changes (
    id uuid primary key,
    tenant_id uuid not null references identity.tenants (id) on delete cascade,
    feature text not null,
    rollout_id uuid,
    user_id uuid references identity.users (id) on delete set null,
    cause text not null check (cause in
      ('defined', 'deleted', 'set', 'started', 'promoted', 'completed', 'rolled_back', 'stopped')),
    percentage smallint not null,
    reason text,
    figures jsonb,
    created_at timestamptz not null default now()
  );
  create index flag_changes_newest on identity.flag_changes (tenant_id, feature, id);
  create index flag_changes_user on identity.flag_changes (user_id);`;

/** What every gateway has to know, before and whichever tenant's requests it serves. */
const CURRENT = `
  create function identity.current_feature_flags()
    returns table (feature text, percentage smallint, model text, replacement text)
    language sql stable security definer set search_path = pg_catalog, pg_temp as $$
      select f.feature, f.percentage, f.model, f.replacement
        from identity.feature_flags f join identity.tenants t on t.id = f.tenant_id and t.is_platform
       order by f.feature limit 100
    $$;`;

/** A rollout whose time to be judged has come, and whose next time is then put off: that is how one gateway has it. */
const CLAIM = `
  create function identity.claim_due_rollout(p_pause interval)
    returns table (id uuid, tenant_id uuid, feature text, stages jsonb, gates jsonb, stage integer, stage_began_at timestamptz)
    language sql volatile security definer set search_path = pg_catalog, pg_temp as $$
      update identity.rollouts r set check_at = now() + p_pause
       where r.id = (
         select d.id from identity.rollouts d where d.state = 'running' and d.check_at <= now()
          order by d.check_at limit 1 for update skip locked)
      returning r.id, r.tenant_id, r.feature, r.stages, r.gates, r.stage, r.stage_began_at
    $$;`;

const FUNCTIONS = ['current_feature_flags()', 'claim_due_rollout(interval)'];

export class FeatureFlags1700000000692 implements MigrationInterface {
  name = 'FeatureFlags1700000000692';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('set local role parley_owner');
    for (const sql of [TABLES, CURRENT, CLAIM]) await queryRunner.query(sql);
    const privileges = {
      feature_flags: 'select, insert, update, delete',
      rollouts: 'select, insert, update',
      flag_changes: 'select, insert',
    };
    for (const [table, allowed] of Object.entries(privileges)) {
      await queryRunner.query(tenantIsolationSql(`identity.${table}`, { parley_gateway: allowed }));
    }
    for (const name of FUNCTIONS) {
      await queryRunner.query(`revoke execute on function identity.${name} from public`);
      await queryRunner.query(`grant execute on function identity.${name} to parley_gateway`);
    }
    await queryRunner.query('set local role none');
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    for (const name of FUNCTIONS) await queryRunner.query(`drop function identity.${name}`);
    await queryRunner.query('drop table identity.flag_changes, identity.rollouts, identity.feature_flags');
  }
}
