import { type MigrationInterface, type QueryRunner } from 'typeorm';

/**
 * A job is free when it is due and nobody holds a lease on it. The command that announces it to the workers can be lost
 * with a broker, and a lease can be lost with a worker, so free jobs are announced again:
 * - at once when they became free after their last announcement (heartbeat_at is always this server's time, due_at may
 *   be a worker's);
 * - soon when no announcement waits in the queue or in the outbox, so that a backlog is not doubled; what a relay has in
 *   hand does not count, because the relay may have died;
 * - in any case after 10 minutes, then 20, 40 and so on, because under constant load something always waits.
 */
const ANNOUNCE = `
  alter table memory.ingestion_jobs add column announced_at timestamptz not null default now();
  create function memory.announce_free_jobs(p_command text, p_is_queue_empty boolean, p_limit integer)
    returns table (tenant_id uuid, job_id uuid, document_id uuid)
    language sql security definer set search_path = pg_catalog, pg_temp as $$
      with waiting as (
        select not p_is_queue_empty
          or exists (select from memory.outbox o where o.sent_at is null and o.name = p_command
            and (o.lease_until is null or o.lease_until < now())) as something
      ), free as (
        select j.id from memory.ingestion_jobs j cross join waiting w
        where j.status in ('queued', 'parsing', 'embedding', 'indexing')
          and j.due_at <= now() and (j.lease_until is null or j.lease_until < now())
          and (j.announced_at < greatest(j.due_at, j.lease_until, j.heartbeat_at)
            or not w.something and j.announced_at < now() - interval '3 seconds'
            or j.announced_at < now() - greatest(interval '10 minutes', j.announced_at - j.due_at))
        order by j.due_at
        limit least(p_limit, 1000)
        for update of j skip locked
      )
      update memory.ingestion_jobs j set announced_at = now() from free where j.id = free.id
      returning j.tenant_id, j.id, j.document_id
    $$;
  revoke execute on function memory.announce_free_jobs from public;
  grant execute on function memory.announce_free_jobs to parley_memory;`;

export class AnnounceJobs1700000000400 implements MigrationInterface {
  name = 'AnnounceJobs1700000000400';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('set local role parley_owner');
    await queryRunner.query(ANNOUNCE);
    await queryRunner.query('set local role none');
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('drop function memory.announce_free_jobs');
    await queryRunner.query('alter table memory.ingestion_jobs drop column announced_at');
  }
}
