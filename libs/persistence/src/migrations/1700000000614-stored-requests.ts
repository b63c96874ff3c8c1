import { type MigrationInterface, type QueryRunner } from 'typeorm';
import { tenantIsolationSql } from '../tenant-isolation.js';

/**
 * What a client asked when it asked for the request to be kept: settings and instructions, which stand in no message, and
 * which messages it added. Goes with its conversation, unlike the run.
 */
const STORED_REQUESTS = `
  create table chat.stored_requests (
    run_id uuid primary key references chat.runs on delete cascade,
    tenant_id uuid not null,
    user_id uuid not null,
    conversation_id uuid not null references chat.conversations on delete cascade,
    kind text not null check (kind in ('completion', 'response')),
    model text not null,
    request jsonb not null,
    added_ids uuid[] not null,
    created_at timestamptz not null default now()
  );
  create index stored_requests_by_age on chat.stored_requests (tenant_id, user_id, kind, created_at, run_id);
  create index stored_requests_by_conversation on chat.stored_requests (conversation_id);`;

export class StoredRequests1700000000614 implements MigrationInterface {
  name = 'StoredRequests1700000000614';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('set local role parley_owner');
    await queryRunner.query(STORED_REQUESTS);
    await queryRunner.query(
      tenantIsolationSql('chat.stored_requests', { parley_chat: 'select, insert, update, delete' }),
    );
    await queryRunner.query('set local role none');
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('drop table chat.stored_requests');
  }
}
