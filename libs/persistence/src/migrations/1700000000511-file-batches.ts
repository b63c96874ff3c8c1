import { type MigrationInterface, type QueryRunner } from 'typeorm';
import { tenantIsolationSql } from '../tenant-isolation.js';

/** Files that were added to a knowledge base together; how far they are is in their documents. */
const FILE_BATCHES = `
  create table memory.file_batches (
    id uuid primary key,
    tenant_id uuid not null,
    knowledge_base_id uuid not null,
    created_at timestamptz not null default now(),
    cancelled_at timestamptz,
    unique (tenant_id, id),
    foreign key (tenant_id, knowledge_base_id) references memory.knowledge_bases (tenant_id, id) on delete cascade
  );
  create index file_batches_of_knowledge_base on memory.file_batches (tenant_id, knowledge_base_id);
  create table memory.file_batch_files (
    tenant_id uuid not null,
    batch_id uuid not null,
    file_id uuid not null,
    primary key (tenant_id, batch_id, file_id),
    foreign key (tenant_id, batch_id) references memory.file_batches (tenant_id, id) on delete cascade,
    foreign key (tenant_id, file_id) references memory.files (tenant_id, id) on delete cascade
  );
  create index file_batch_files_of_file on memory.file_batch_files (tenant_id, file_id);`;

const TABLES = ['memory.file_batches', 'memory.file_batch_files'];

export class FileBatches1700000000511 implements MigrationInterface {
  name = 'FileBatches1700000000511';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('set local role parley_owner');
    await queryRunner.query(FILE_BATCHES);
    for (const table of TABLES) {
      await queryRunner.query(tenantIsolationSql(table, { parley_memory: 'select, insert, update, delete' }));
    }
    await queryRunner.query('set local role none');
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('drop table memory.file_batch_files, memory.file_batches');
  }
}
