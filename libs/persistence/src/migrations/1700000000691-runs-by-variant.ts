import { type MigrationInterface, type QueryRunner } from 'typeorm';

const INDEX = 'chat.runs_by_variant';

/**
 * Built beside the writers of a table that may be large: that cannot be part of a transaction. An attempt that broke off
 * leaves an index that is not valid, which the next one removes first.
 */
export class RunsByVariant1700000000691 implements MigrationInterface {
  name = 'RunsByVariant1700000000691';
  transaction = false;

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`drop index concurrently if exists ${INDEX}`);
    await queryRunner.query(
      'create index concurrently runs_by_variant on chat.runs (finished_at) where variants is not null',
    );
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`drop index concurrently if exists ${INDEX}`);
  }
}
