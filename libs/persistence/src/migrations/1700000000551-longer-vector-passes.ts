import { type MigrationInterface, type QueryRunner } from 'typeorm';
import { VECTOR_PLAN } from './1700000000550-vector-plan.js';

/** In 100,000 chunks a pass of 400 nodes found 0.980 of the ten nearest, which leaves nothing to spare. */
const BEFORE = 'then 400 else';
const AFTER = 'then 640 else';

const REPLACE_PLAN = VECTOR_PLAN.replace('create function', 'create or replace function');

export class LongerVectorPasses1700000000551 implements MigrationInterface {
  name = 'LongerVectorPasses1700000000551';

  async up(queryRunner: QueryRunner): Promise<void> {
    await replacePlan(queryRunner, REPLACE_PLAN.replace(BEFORE, AFTER));
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await replacePlan(queryRunner, REPLACE_PLAN);
  }
}

async function replacePlan(queryRunner: QueryRunner, ddl: string): Promise<void> {
  await queryRunner.query('set local role parley_owner');
  await queryRunner.query('set local search_path = public');
  await queryRunner.query(ddl);
  await queryRunner.query('set local role none');
}
