import { type MigrationInterface, type QueryRunner } from 'typeorm';
import { tenantIsolationSql } from '../tenant-isolation.js';

/**
 * What was asked under a key, and what came of it. `seed` makes the ids that the request chooses; `body` is what it was
 * answered, once it was. Goes with its user, and when its time is over.
 */
const KEYS = `
  create table identity.idempotency_keys (
    tenant_id uuid not null references identity.tenants (id) on delete cascade,
    user_id uuid not null references identity.users (id) on delete cascade,
    key_hash bytea not null check (length(key_hash) = 32),
    fingerprint bytea not null check (length(fingerprint) = 32),
    seed uuid not null,
    body text,
    locked_until timestamptz not null,
    expires_at timestamptz not null,
    primary key (tenant_id, user_id, key_hash)
  );
  create index idempotency_keys_expiring on identity.idempotency_keys (expires_at);`;

/** Of all tenants, which row-level security would hide. */
const EXPIRE = `
  create function identity.expire_idempotency_keys(p_limit integer) returns integer
    language sql security definer set search_path = pg_catalog, pg_temp as $$
      with expired as (
        delete from identity.idempotency_keys k
        where (k.tenant_id, k.user_id, k.key_hash) in (
          select tenant_id, user_id, key_hash from identity.idempotency_keys
          where expires_at < now() limit p_limit for update skip locked
        )
        returning 1
      )
      select count(*)::integer from expired
    $$;
  revoke execute on function identity.expire_idempotency_keys from public;
  grant execute on function identity.expire_idempotency_keys to parley_gateway;`;

export class IdempotencyKeys1700000000613 implements MigrationInterface {
  name = 'IdempotencyKeys1700000000613';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('set local role parley_owner');
    for (const sql of [KEYS, EXPIRE]) await queryRunner.query(sql);
    await queryRunner.query(
      tenantIsolationSql('identity.idempotency_keys', { parley_gateway: 'select, insert, update, delete' }),
    );
    await queryRunner.query('set local role none');
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('drop function identity.expire_idempotency_keys; drop table identity.idempotency_keys');
  }
}
