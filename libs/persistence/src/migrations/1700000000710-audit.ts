import { type MigrationInterface, type QueryRunner } from 'typeorm';
import { tenantIsolationSql } from '../tenant-isolation.js';

/**
 * Who did what that concerns security. Owner: the tenant; it goes with `parley retention --audit-days`, and never otherwise.
 * Each row has the hash of the one before it, so that a changed or missing one shows.
 */
const TABLE = `
  create table identity.audit_events (
    tenant_id uuid not null references identity.tenants(id) on delete cascade,
    sequence bigint not null,
    at timestamptz not null,
    action text not null,
    event jsonb not null,
    previous_hash bytea not null,
    hash bytea not null,
    primary key (tenant_id, sequence)
  );`;

/** Text is written the same whatever a session's settings: keys of jsonb are in order, and the time is given its form. */
const HASH = `
  create function identity.audit_hash(p_previous bytea, p_tenant uuid, p_sequence bigint, p_at timestamptz, p_action text,
    p_event jsonb) returns bytea
    language sql stable set search_path = pg_catalog, pg_temp as $$
      select sha256(p_previous || convert_to(jsonb_build_array(p_tenant, p_sequence,
        to_char(p_at at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.US'), p_action, p_event)::text, 'UTF8'))
    $$;
  revoke execute on function identity.audit_hash from public;
  grant execute on function identity.audit_hash to parley_gateway;`;

/** The only way to write one. One after the other within a tenant, so that the chain has no forks. */
const APPEND = `
  create function identity.append_audit(p_tenant uuid, p_action text, p_event jsonb) returns bigint
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
    declare
      v_at timestamptz;
      v_sequence bigint;
      v_previous bytea;
    begin
      if p_tenant is distinct from nullif(current_setting('parley.tenant_id', true), '')::uuid then
        raise exception 'the audit log of another tenant';
      end if;
      perform pg_advisory_xact_lock(hashtextextended('parley audit ' || p_tenant, 0));
      select e.sequence, e.hash into v_sequence, v_previous
        from identity.audit_events e where e.tenant_id = p_tenant order by e.sequence desc limit 1;
      v_at := clock_timestamp();
      v_sequence := coalesce(v_sequence, 0) + 1;
      v_previous := coalesce(v_previous, ''::bytea);
      insert into identity.audit_events (tenant_id, sequence, at, action, event, previous_hash, hash)
        values (p_tenant, v_sequence, v_at, p_action, p_event, v_previous,
          identity.audit_hash(v_previous, p_tenant, v_sequence, v_at, p_action, p_event));
      return v_sequence;
    end
    $$;
  revoke execute on function identity.append_audit from public;
  grant execute on function identity.append_audit to parley_gateway;`;

/** Of each tenant the chain as it is, and the first row that does not fit. The gateway sees that of its tenant. */
const VERIFY = `
  create function identity.verify_audit()
    returns table (tenant_id uuid, events bigint, newest bigint, newest_hash text, broken_at bigint)
    language sql stable set search_path = pg_catalog, pg_temp as $$
      with checked as (
        select e.tenant_id, e.sequence, e.hash,
          e.hash = identity.audit_hash(e.previous_hash, e.tenant_id, e.sequence, e.at, e.action, e.event) as is_own,
          coalesce(e.previous_hash = lag(e.hash) over w and e.sequence = lag(e.sequence) over w + 1,
            lag(e.hash) over w is null) as follows
        from identity.audit_events e window w as (partition by e.tenant_id order by e.sequence)
      )
      select c.tenant_id, count(*), max(c.sequence), encode((array_agg(c.hash order by c.sequence desc))[1], 'hex'),
        min(c.sequence) filter (where not (c.is_own and c.follows))
      from checked c group by c.tenant_id
    $$;
  revoke execute on function identity.verify_audit from public;
  grant execute on function identity.verify_audit to parley_gateway;`;

export class Audit1700000000710 implements MigrationInterface {
  name = 'Audit1700000000710';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('set local role parley_owner');
    for (const sql of [TABLE, HASH, APPEND, VERIFY]) await queryRunner.query(sql);
    await queryRunner.query(tenantIsolationSql('identity.audit_events', { parley_gateway: 'select' }));
    await queryRunner.query('set local role none');
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(
      'drop function identity.verify_audit, identity.append_audit; drop table identity.audit_events; drop function identity.audit_hash',
    );
  }
}
