import { type MigrationInterface, type QueryRunner } from 'typeorm';
import { tenantIsolationSql } from '../tenant-isolation.js';

/**
 * What models were asked for beside runs, which keep their own usage. It holds no text and outlives conversations, as runs
 * do; it goes with its user and tenant. A text that is read aloud has characters, the others tokens.
 */
const USAGE_RECORDS = `
  create table chat.usage_records (
    id uuid primary key,
    tenant_id uuid not null,
    user_id uuid not null,
    purpose text not null check (purpose in ('title', 'summary', 'speech')),
    provider text not null,
    model text not null,
    prompt_tokens integer,
    completion_tokens integer,
    cached_tokens integer,
    reasoning_tokens integer,
    usage_estimated boolean not null,
    characters integer,
    cost_micros bigint,
    created_at timestamptz not null default now(),
    check (num_nonnulls(characters, prompt_tokens) = 1 and (prompt_tokens is null) = (completion_tokens is null))
  );
  create index usage_records_by_age on chat.usage_records (tenant_id, created_at);`;

export class UsageRecords1700000000641 implements MigrationInterface {
  name = 'UsageRecords1700000000641';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('set local role parley_owner');
    await queryRunner.query(USAGE_RECORDS);
    await queryRunner.query(tenantIsolationSql('chat.usage_records', { parley_chat: 'select, insert, delete' }));
    await queryRunner.query('set local role none');
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('drop table chat.usage_records');
  }
}
