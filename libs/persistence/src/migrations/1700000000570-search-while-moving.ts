import { type MigrationInterface, type QueryRunner } from 'typeorm';

/**
 * Whether a knowledge base can be searched in a space: it is searched there now, or it is moving and the space is as
 * complete as the other one. So a question that was embedded just before a switch finds what it would have found, and
 * both spaces can be compared.
 */
const IS_SEARCHABLE_IN = `
  create function memory.is_searchable_in(p_base memory.knowledge_bases, p_space uuid) returns boolean
    language sql stable set search_path = pg_catalog, pg_temp as $$
      select p_base.embedding_space_id = p_space or exists (select from memory.embedding_migrations m
        where m.tenant_id = p_base.tenant_id and m.knowledge_base_id = p_base.id and m.is_filled
          and m.status in ('ready', 'switched') and p_space in (m.from_space_id, m.to_space_id))
    $$;
  revoke execute on function memory.is_searchable_in from public;`;

const BEFORE = 'k.embedding_space_id = p_space';
const AFTER = 'memory.is_searchable_in(k, p_space)';

/** Changes one condition of the search, whichever version of it is current. */
async function replaceCondition(queryRunner: QueryRunner, from: string, to: string): Promise<void> {
  const [row] = (await queryRunner.query(
    `select pg_get_functiondef(oid) as ddl from pg_proc
     where pronamespace = 'memory'::regnamespace and proname = 'vector_candidates'`,
  )) as { ddl: string }[];
  if (!row!.ddl.includes(from)) throw new Error(`vector_candidates has no condition ${from}`);
  await queryRunner.query(row!.ddl.replace(from, to));
}

export class SearchWhileMoving1700000000570 implements MigrationInterface {
  name = 'SearchWhileMoving1700000000570';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('set local role parley_owner');
    await queryRunner.query(IS_SEARCHABLE_IN);
    await replaceCondition(queryRunner, BEFORE, AFTER);
    await queryRunner.query('set local role none');
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('set local role parley_owner');
    await replaceCondition(queryRunner, AFTER, BEFORE);
    await queryRunner.query('drop function memory.is_searchable_in');
    await queryRunner.query('set local role none');
  }
}
