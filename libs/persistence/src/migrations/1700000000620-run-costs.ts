import { type MigrationInterface, type QueryRunner } from 'typeorm';

export class RunCosts1700000000620 implements MigrationInterface {
  name = 'RunCosts1700000000620';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('set local role parley_owner');
    await queryRunner.query('alter table chat.runs add column requested_model text, add column cost_micros bigint');
    await queryRunner.query('set local role none');
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('alter table chat.runs drop column requested_model, drop column cost_micros');
  }
}
