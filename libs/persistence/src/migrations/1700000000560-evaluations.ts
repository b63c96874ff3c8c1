import { type MigrationInterface, type QueryRunner } from 'typeorm';
import { tenantIsolationSql } from '../tenant-isolation.js';

/** Both go with their knowledge base. `questions_hash` tells whether two evaluations asked for the same. */
const EVALUATIONS = `
  create table memory.evaluations (
    id uuid primary key,
    tenant_id uuid not null,
    knowledge_base_id uuid not null,
    name text not null,
    status text not null default 'queued' check (status in ('queued', 'running', 'completed', 'failed', 'cancelled')),
    legs text[] not null,
    k integer not null check (k between 1 and 50),
    question_count integer not null,
    done_count integer not null default 0,
    questions_hash text not null,
    summary jsonb,
    error_code text,
    error_message text,
    attempt integer not null default 0,
    lease_token uuid,
    lease_until timestamptz,
    due_at timestamptz not null default now(),
    created_at timestamptz not null default now(),
    started_at timestamptz,
    finished_at timestamptz,
    unique (tenant_id, id),
    foreign key (tenant_id, knowledge_base_id) references memory.knowledge_bases (tenant_id, id) on delete cascade
  );
  create index evaluations_of_knowledge_base on memory.evaluations (tenant_id, knowledge_base_id, created_at, id);
  create index evaluations_unfinished on memory.evaluations (due_at) where status in ('queued', 'running');
  create table memory.evaluation_questions (
    tenant_id uuid not null,
    evaluation_id uuid not null,
    ordinal integer not null,
    question_id text not null,
    question text not null,
    expected jsonb not null,
    answer text,
    results jsonb,
    primary key (tenant_id, evaluation_id, ordinal),
    unique (tenant_id, evaluation_id, question_id),
    foreign key (tenant_id, evaluation_id) references memory.evaluations (tenant_id, id) on delete cascade
  );`;

/**
 * Takes one evaluation that nobody works on, of whichever tenant: the one that has waited longest since its last start
 * comes first, so that many evaluations of one tenant do not keep another waiting.
 */
const CLAIM = `
  create function memory.claim_evaluation(p_token uuid, p_lease_ms integer)
    returns table (tenant_id uuid, evaluation_id uuid, knowledge_base_id uuid, legs text[], k integer, attempt integer)
    language sql security definer set search_path = pg_catalog, pg_temp as $$
      with free as (
        select e.id from memory.evaluations e
        where e.status in ('queued', 'running') and e.due_at <= now() and (e.lease_until is null or e.lease_until < now())
        order by (select max(o.started_at) from memory.evaluations o where o.tenant_id = e.tenant_id) nulls first,
          e.created_at, e.id
        limit 1
        for update of e skip locked
      )
      update memory.evaluations e
      set status = 'running', attempt = e.attempt + 1, lease_token = p_token,
        lease_until = clock_timestamp() + p_lease_ms * interval '1 millisecond',
        started_at = coalesce(e.started_at, clock_timestamp())
      from free where e.id = free.id
      returning e.tenant_id, e.id, e.knowledge_base_id, e.legs, e.k, e.attempt
    $$;
  revoke execute on function memory.claim_evaluation from public;
  grant execute on function memory.claim_evaluation to parley_memory;`;

const ACCESS = { parley_memory: 'select, insert, update, delete' };

export class Evaluations1700000000560 implements MigrationInterface {
  name = 'Evaluations1700000000560';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('set local role parley_owner');
    await queryRunner.query(EVALUATIONS);
    for (const table of ['evaluations', 'evaluation_questions']) {
      await queryRunner.query(tenantIsolationSql(`memory.${table}`, ACCESS));
    }
    await queryRunner.query(CLAIM);
    await queryRunner.query('set local role none');
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('drop function memory.claim_evaluation');
    await queryRunner.query('drop table memory.evaluation_questions, memory.evaluations');
  }
}
