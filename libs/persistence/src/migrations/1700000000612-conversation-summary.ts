import { type MigrationInterface, type QueryRunner } from 'typeorm';

/** What was said up to a message, in short: of the branch that was gone on with last. */
export class ConversationSummary1700000000612 implements MigrationInterface {
  name = 'ConversationSummary1700000000612';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('set local role parley_owner');
    await queryRunner.query(
      'alter table chat.conversations add column summary text, add column summary_message_id uuid',
    );
    await queryRunner.query('set local role none');
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('alter table chat.conversations drop column summary, drop column summary_message_id');
  }
}
