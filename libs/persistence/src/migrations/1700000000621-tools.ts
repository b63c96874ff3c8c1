import { type MigrationInterface, type QueryRunner } from 'typeorm';

export class Tools1700000000621 implements MigrationInterface {
  name = 'Tools1700000000621';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('set local role parley_owner');
    await queryRunner.query(`
      alter table chat.assistants
        add column tools jsonb not null default '[]',
        add column retrieval_mode text not null default 'always' check (retrieval_mode in ('always', 'auto'))`);
    await queryRunner.query('alter table chat.messages add column outline jsonb');
    await queryRunner.query('set local role none');
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('alter table chat.messages drop column outline');
    await queryRunner.query('alter table chat.assistants drop column tools, drop column retrieval_mode');
  }
}
