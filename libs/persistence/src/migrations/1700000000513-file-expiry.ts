import { type MigrationInterface, type QueryRunner } from 'typeorm';

/** Files may be uploaded for a time; names those, of any tenant, whose time is over, the longest first. */
const EXPIRY = `
  alter table memory.files add column expires_at timestamptz;
  create index files_by_expiry on memory.files (expires_at) where expires_at is not null;
  create function memory.expired_files(p_limit integer) returns table (tenant_id uuid, id uuid)
    language sql stable security definer set search_path = pg_catalog, pg_temp as $$
      select f.tenant_id, f.id from memory.files f where f.expires_at <= now() order by f.expires_at limit p_limit;
    $$;
  revoke execute on function memory.expired_files from public;
  grant execute on function memory.expired_files to parley_memory;`;

export class FileExpiry1700000000513 implements MigrationInterface {
  name = 'FileExpiry1700000000513';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('set local role parley_owner');
    await queryRunner.query(EXPIRY);
    await queryRunner.query('set local role none');
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('drop function memory.expired_files; alter table memory.files drop column expires_at');
  }
}
