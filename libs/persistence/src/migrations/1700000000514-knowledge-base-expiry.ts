import { type MigrationInterface, type QueryRunner } from 'typeorm';

/** Knowledge bases may expire so many days after they were last searched; their rows stay, their contents go. */
const EXPIRY = `
  alter table memory.knowledge_bases add column expires_after_days integer check (expires_after_days between 1 and 365);
  create index knowledge_bases_that_expire on memory.knowledge_bases (tenant_id, id) where expires_after_days is not null;
  create function memory.expired_documents(p_limit integer)
    returns table (tenant_id uuid, knowledge_base_id uuid, document_id uuid)
    language sql stable security definer set search_path = pg_catalog, pg_temp as $$
      select d.tenant_id, d.knowledge_base_id, d.id
      from memory.knowledge_bases k
      join memory.documents d on d.tenant_id = k.tenant_id and d.knowledge_base_id = k.id
      where k.expires_after_days is not null
        and k.last_active_at + make_interval(days => k.expires_after_days) <= now()
      limit p_limit;
    $$;
  revoke execute on function memory.expired_documents from public;
  grant execute on function memory.expired_documents to parley_memory;`;

export class KnowledgeBaseExpiry1700000000514 implements MigrationInterface {
  name = 'KnowledgeBaseExpiry1700000000514';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('set local role parley_owner');
    await queryRunner.query(EXPIRY);
    await queryRunner.query('set local role none');
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      drop function memory.expired_documents;
      alter table memory.knowledge_bases drop column expires_after_days`);
  }
}
