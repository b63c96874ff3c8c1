import { type MigrationInterface, type QueryRunner } from 'typeorm';
import { tenantIsolationSql } from '../tenant-isolation.js';

const TABLES = `
  create table identity.tenants (
    id uuid primary key,
    name text not null check (length(name) between 1 and 200),
    is_platform boolean not null default false,
    created_at timestamptz not null default now()
  );
  create unique index tenants_one_platform on identity.tenants (is_platform) where is_platform;
  comment on column identity.tenants.is_platform is
    'The tenant the suite was set up with; its admins may create tenants. Set by bootstrap_admin alone.';

  create table identity.users (
    id uuid primary key,
    tenant_id uuid not null references identity.tenants (id) on delete cascade,
    email text not null check (length(email) between 3 and 320),
    password_hash text not null,
    role text not null check (role in ('admin', 'member')),
    disabled_at timestamptz,
    created_at timestamptz not null default now()
  );
  create unique index users_email on identity.users (lower(email));
  create index users_tenant on identity.users (tenant_id, id);

  create table identity.api_keys (
    id uuid primary key,
    tenant_id uuid not null references identity.tenants (id) on delete cascade,
    user_id uuid not null references identity.users (id) on delete cascade,
    name text not null check (length(name) between 1 and 200),
    prefix text not null,
    secret_hash bytea not null unique check (length(secret_hash) = 32),
    scopes text[] not null,
    expires_at timestamptz,
    last_used_at timestamptz,
    revoked_at timestamptz,
    created_at timestamptz not null default now()
  );
  create index api_keys_tenant on identity.api_keys (tenant_id, id);
  create index api_keys_user on identity.api_keys (user_id);`;

const PRINCIPAL = 'user_id uuid, tenant_id uuid, email text, role text, is_platform boolean';

/** What has to be known before the tenant is: each returns no more than authentication needs. */
const AUTHENTICATION = `
  create function identity.find_sign_in(p_email text)
    returns table (user_id uuid, password_hash text)
    language sql stable security definer set search_path = pg_catalog, pg_temp
  as $$
    select u.id, u.password_hash
      from identity.users u where lower(u.email) = lower(p_email) and u.disabled_at is null
  $$;

  create function identity.find_principal(p_user_id uuid)
    returns table (${PRINCIPAL})
    language sql stable security definer set search_path = pg_catalog, pg_temp
  as $$
    select u.id, u.tenant_id, u.email, u.role, t.is_platform
      from identity.users u join identity.tenants t on t.id = u.tenant_id
     where u.id = p_user_id and u.disabled_at is null
  $$;

  create function identity.authenticate_api_key(p_secret_hash bytea)
    returns table (key_id uuid, scopes text[], expires_at timestamptz, ${PRINCIPAL})
    language sql volatile security definer set search_path = pg_catalog, pg_temp
  as $$
    update identity.api_keys set last_used_at = now()
     where id = (
       select k.id from identity.api_keys k
        where k.secret_hash = p_secret_hash
          and (k.last_used_at is null or k.last_used_at < now() - interval '1 minute')
          for update skip locked);

    select k.id, k.scopes, k.expires_at, u.id, u.tenant_id, u.email, u.role, t.is_platform
      from identity.api_keys k
      join identity.users u on u.id = k.user_id
      join identity.tenants t on t.id = k.tenant_id
     where k.secret_hash = p_secret_hash
       and k.revoked_at is null
       and (k.expires_at is null or k.expires_at > now())
       and u.disabled_at is null
  $$;`;

/** What concerns more than one tenant. */
const PLATFORM = `
  create function identity.find_platform_admin(p_email text)
    returns table (user_id uuid, tenant_id uuid)
    language sql stable security definer set search_path = pg_catalog, pg_temp
  as $$
    select u.id, t.id
      from identity.tenants t
      join identity.users u on u.tenant_id = t.id and u.role = 'admin' and u.disabled_at is null
     where t.is_platform
     order by (lower(u.email) = lower(p_email)) desc, u.id
     limit 1
  $$;

  create function identity.bootstrap_admin(
    p_tenant_id uuid, p_tenant_name text, p_user_id uuid, p_email text, p_password_hash text) returns boolean
    language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
  as $$
  begin
    insert into identity.tenants (id, name, is_platform) values (p_tenant_id, p_tenant_name, true)
      on conflict (is_platform) where is_platform do nothing;
    if not found then return false; end if;
    insert into identity.users (id, tenant_id, email, password_hash, role)
      values (p_user_id, p_tenant_id, p_email, p_password_hash, 'admin');
    return true;
  end $$;

  create function identity.list_tenants(p_user_id uuid, p_after uuid, p_ascending boolean, p_limit integer)
    returns table (id uuid, name text, created_at timestamptz)
    language sql stable security definer set search_path = pg_catalog, pg_temp
  as $$
    select t.id, t.name, t.created_at
      from identity.tenants t
     where exists (
       select from identity.users u join identity.tenants p on p.id = u.tenant_id
        where u.id = p_user_id and u.role = 'admin' and u.disabled_at is null and p.is_platform)
       and (p_after is null or case when p_ascending then t.id > p_after else t.id < p_after end)
     order by case when p_ascending then t.id end, case when not p_ascending then t.id end desc
     limit p_limit
  $$;`;

const FUNCTIONS = [
  'find_sign_in(text)',
  'find_principal(uuid)',
  'authenticate_api_key(bytea)',
  'find_platform_admin(text)',
  'bootstrap_admin(uuid, text, uuid, text, text)',
  'list_tenants(uuid, uuid, boolean, integer)',
];

export class Identity1700000000100 implements MigrationInterface {
  name = 'Identity1700000000100';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('set local role parley_owner');
    await queryRunner.query(TABLES);
    await queryRunner.query(
      tenantIsolationSql('identity.tenants', { parley_gateway: 'select, insert (id, name, created_at)' }, 'id'),
    );
    await queryRunner.query(tenantIsolationSql('identity.users', { parley_gateway: 'select, insert, update' }));
    await queryRunner.query(tenantIsolationSql('identity.api_keys', { parley_gateway: 'select, insert, update' }));
    await queryRunner.query(AUTHENTICATION);
    await queryRunner.query(PLATFORM);
    for (const name of FUNCTIONS) {
      await queryRunner.query(`revoke execute on function identity.${name} from public`);
      await queryRunner.query(`grant execute on function identity.${name} to parley_gateway`);
    }
    await queryRunner.query('reset role');
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    for (const name of FUNCTIONS) await queryRunner.query(`drop function identity.${name}`);
    await queryRunner.query('drop table identity.api_keys, identity.users, identity.tenants');
  }
}
