import { type MigrationInterface, type QueryRunner } from 'typeorm';
import { tenantIsolationSql } from '../tenant-isolation.js';

const RUNNING = `('parsing', 'embedding', 'indexing')`;

/**
 * attempt numbers every attempt; failures are those that count against max_attempts. An attempt that only met an outage is
 * a postponement instead, and lost counts the workers that died with the job in their hands. A dead letter is a failed
 * job of its document's latest version that nobody has replayed or discarded.
 */
const COLUMNS = `
  alter table memory.ingestion_jobs drop column announced_at,
    add column failures integer not null default 0,
    add column postponements integer not null default 0,
    add column lost integer not null default 0,
    add column outage_since timestamptz,
    add column worker text,
    add column claimed_at timestamptz,
    add column dead_lettered_at timestamptz,
    add column updated_at timestamptz not null default now(),
    add unique (tenant_id, id);
  update memory.ingestion_jobs j
    set failures = case when j.status in ${RUNNING} then greatest(j.attempt - 1, 0) else j.attempt end,
      claimed_at = j.started_at,
      dead_lettered_at = case when j.status = 'failed' and d.latest_version = j.version then j.finished_at end
    from memory.documents d where d.id = j.document_id;
  create index ingestion_jobs_waiting on memory.ingestion_jobs (tenant_id, due_at, id) where status = 'queued';
  create index ingestion_jobs_running on memory.ingestion_jobs (tenant_id) where status in ${RUNNING};
  create index ingestion_jobs_claimed on memory.ingestion_jobs (tenant_id, claimed_at) where claimed_at is not null;
  create index ingestion_jobs_dead on memory.ingestion_jobs (tenant_id, dead_lettered_at, id)
    where dead_lettered_at is not null;
  create index ingestion_jobs_of_tenant on memory.ingestion_jobs (tenant_id, created_at, id);
  create function memory.touch_ingestion_job() returns trigger language plpgsql as $$
    begin
      new.updated_at := clock_timestamp();
      return new;
    end $$;
  create trigger touch before update on memory.ingestion_jobs
    for each row execute function memory.touch_ingestion_job();`;

const ATTEMPTS = `
  create table memory.ingestion_attempts (
    tenant_id uuid not null,
    job_id uuid not null,
    number integer not null,
    worker text not null,
    started_at timestamptz not null default clock_timestamp(),
    ended_at timestamptz,
    stage text,
    outcome text,
    error_code text,
    error_message text,
    primary key (job_id, number),
    foreign key (tenant_id, job_id) references memory.ingestion_jobs (tenant_id, id) on delete cascade
  );
  create index ingestion_attempts_of_tenant on memory.ingestion_attempts (tenant_id, job_id);`;

/**
 * Finds the fairest job that is due and locks it: of the tenant with the fewest running jobs, then of the one that was
 * served the longest ago, the oldest. Tenants are found by jumping from one to the next in the index, so that a long
 * backlog costs no more than a short one; the settings keep a planner without statistics to those indexes. A job that has lost a worker may be to blame, so a worker has at most one of
 * those at a time: should it kill again, no other suspect dies with it.
 */
const NEXT_JOB = `
  create function memory.next_ingestion_job(p_worker text) returns table (tenant_id uuid, job_id uuid)
    language plpgsql security definer set search_path = pg_catalog, pg_temp
    set enable_seqscan = off set enable_bitmapscan = off set enable_sort = off as $$
    declare
      turn record;
      has_suspect boolean;
    begin
      has_suspect := exists (select from memory.ingestion_jobs r
        where r.status in ${RUNNING} and r.worker = p_worker and r.lost > 0 and r.lease_until > now());
      for turn in
        with recursive tenants as (
          (select j.tenant_id from memory.ingestion_jobs j where j.status = 'queued' order by j.tenant_id limit 1)
          union all
          select (select j.tenant_id from memory.ingestion_jobs j
            where j.status = 'queued' and j.tenant_id > t.tenant_id order by j.tenant_id limit 1)
          from tenants t where t.tenant_id is not null
        ), running as (
          select r.tenant_id, count(*) as jobs from memory.ingestion_jobs r
          where r.status in ${RUNNING} and r.lease_until > now() group by r.tenant_id
        )
        select t.tenant_id from tenants t
        cross join lateral (
          select j.due_at from memory.ingestion_jobs j
          where j.status = 'queued' and j.tenant_id = t.tenant_id and j.due_at <= now() order by j.due_at limit 1
        ) oldest
        left join running r on r.tenant_id = t.tenant_id
        order by coalesce(r.jobs, 0), (
          select max(c.claimed_at) from memory.ingestion_jobs c
          where c.tenant_id = t.tenant_id and c.claimed_at is not null
        ) nulls first, oldest.due_at
      loop
        select j.tenant_id, j.id into tenant_id, job_id from memory.ingestion_jobs j
          where j.status = 'queued' and j.tenant_id = turn.tenant_id and j.due_at <= now()
            and (j.lost = 0 or not has_suspect)
          order by j.due_at, j.id limit 1 for update skip locked;
        if found then
          return next;
          return;
        end if;
      end loop;
    end $$;`;

/**
 * Takes jobs back from workers that have stopped responding: all, or one. All get a little longer than their leases,
 * because a worker that was slow for a moment still renews. The first time the job is free again at once,
 * then after a growing pause; with its attempts used up it has failed.
 */
const REAP = `
  create function memory.reap_ingestion_jobs(p_limit integer, p_job uuid default null)
    returns table (job_id uuid, ended_as text)
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
    declare
      job memory.ingestion_jobs;
      message text;
    begin
      for job in
        select j.* from memory.ingestion_jobs j
        where j.status in ${RUNNING} and (p_job is null or j.id = p_job)
          and j.lease_until < clock_timestamp() - case when p_job is null then interval '3 seconds' else interval '0' end
        order by j.id limit p_limit for update skip locked
      loop
        job_id := job.id;
        ended_as := case when job.failures + 1 < job.max_attempts then 'queued' else 'failed' end;
        message := format('The worker stopped responding while it was %s the document.', job.status);
        if ended_as = 'failed' and job.lost + 1 >= job.max_attempts then
          message := format('%s It was the last of %s workers that this document was given to.', message, job.max_attempts);
        end if;
        update memory.ingestion_attempts a set ended_at = clock_timestamp(), stage = job.status, outcome = 'lost',
            error_code = 'worker_lost', error_message = message
          where a.job_id = job.id and a.number = job.attempt and a.ended_at is null;
        update memory.ingestion_jobs j set status = ended_as, failures = j.failures + 1, lost = j.lost + 1,
            lease_token = null, lease_until = null, error_code = 'worker_lost', error_message = message,
            due_at = case when job.lost = 0 then clock_timestamp()
              else clock_timestamp() + interval '10 seconds' * 4 ^ least(job.lost - 1, 2) end,
            finished_at = case when ended_as = 'failed' then clock_timestamp() end,
            dead_lettered_at = case when ended_as = 'failed' then clock_timestamp() end
          where j.id = job.id;
        update memory.documents d set status = ended_as, updated_at = now(),
            error_code = case when ended_as = 'failed' then 'worker_lost' end,
            error_message = case when ended_as = 'failed' then message end
          where d.tenant_id = job.tenant_id and d.id = job.document_id;
        if ended_as = 'failed' then
          perform memory.delete_chunks(job.tenant_id, array[job.document_id],
            (select d.active_version from memory.documents d where d.tenant_id = job.tenant_id and d.id = job.document_id));
        end if;
        return next;
      end loop;
    end $$;`;

/**
 * Wake-ups are alike: whichever arrives makes a worker take the fairest job. So no more is needed than that as many wait
 * as jobs are due, up to p_limit. Returns the jobs to send one for, given how many wait at the broker; those in the
 * outbox count too, unless a relay has them in hand, because it may have died.
 */
const MISSING_WAKE_UPS = `
  drop function memory.announce_free_jobs;
  create function memory.missing_wake_ups(p_command text, p_waiting integer, p_limit integer)
    returns table (tenant_id uuid, job_id uuid, document_id uuid)
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
    begin
      if not pg_try_advisory_xact_lock(hashtext('memory.missing_wake_ups')) then return; end if;
      return query
        select due.tenant_id, due.id, due.document_id from (
          select j.tenant_id, j.id, j.document_id, j.due_at from memory.ingestion_jobs j
          where j.status = 'queued' and j.due_at <= clock_timestamp() order by j.due_at limit p_limit
        ) due
        order by due.due_at
        offset p_waiting + (select count(*) from (
          select from memory.outbox o where o.sent_at is null and o.name = p_command
            and (o.lease_until is null or o.lease_until < now()) limit p_limit
        ) unsent);
    end $$;`;

/** How many jobs of all tenants are in which state, counted up to 100,000 each, and since when the oldest has waited. */
const STATISTICS = `
  create function memory.ingestion_job_statistics() returns table (state text, jobs integer, oldest_seconds double precision)
    language sql stable security definer set search_path = pg_catalog, pg_temp as $$
      select case when w.is_due then 'waiting' else 'paused' end, count(*)::integer,
        extract(epoch from now() - min(w.due_at) filter (where w.is_due))::double precision
      from (
        select j.due_at, j.due_at <= now() as is_due from memory.ingestion_jobs j where j.status = 'queued' limit 100000
      ) w group by w.is_due
      union all
      select case when j.lease_until < now() then 'stalled' else j.status end, count(*)::integer, null
      from memory.ingestion_jobs j where j.status in ${RUNNING} group by 1
      union all
      select 'dead_letter', count(*)::integer, null
      from (select from memory.ingestion_jobs j where j.dead_lettered_at is not null limit 100000) dead
    $$;`;

const ACCESS = `
  revoke execute on function memory.next_ingestion_job, memory.reap_ingestion_jobs, memory.missing_wake_ups,
    memory.ingestion_job_statistics from public;
  grant execute on function memory.next_ingestion_job to parley_worker;
  grant execute on function memory.reap_ingestion_jobs to parley_memory, parley_worker;
  grant execute on function memory.missing_wake_ups, memory.ingestion_job_statistics to parley_memory;`;

export class IngestionJobs1700000000500 implements MigrationInterface {
  name = 'IngestionJobs1700000000500';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('set local role parley_owner');
    for (const ddl of [COLUMNS, ATTEMPTS]) await queryRunner.query(ddl);
    const all = 'select, insert, update, delete';
    await queryRunner.query(
      tenantIsolationSql('memory.ingestion_attempts', { parley_memory: all, parley_worker: all }),
    );
    for (const ddl of [NEXT_JOB, REAP, MISSING_WAKE_UPS, STATISTICS, ACCESS]) await queryRunner.query(ddl);
    await queryRunner.query('set local role none');
  }

  /** The function that is dropped above comes back in a plainer form, for the release before. */
  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      drop function memory.ingestion_job_statistics, memory.missing_wake_ups, memory.reap_ingestion_jobs,
        memory.next_ingestion_job;
      drop table memory.ingestion_attempts;
      drop trigger touch on memory.ingestion_jobs;
      drop function memory.touch_ingestion_job;
      drop index memory.ingestion_jobs_waiting, memory.ingestion_jobs_running, memory.ingestion_jobs_claimed,
        memory.ingestion_jobs_dead, memory.ingestion_jobs_of_tenant;
      alter table memory.ingestion_jobs drop constraint ingestion_jobs_tenant_id_id_key, drop column failures,
        drop column postponements, drop column lost, drop column outage_since, drop column worker, drop column claimed_at,
        drop column dead_lettered_at, drop column updated_at,
        add column announced_at timestamptz not null default now();
      create function memory.announce_free_jobs(p_command text, p_is_queue_empty boolean, p_limit integer)
        returns table (tenant_id uuid, job_id uuid, document_id uuid)
        language sql security definer set search_path = pg_catalog, pg_temp as $$
          select j.tenant_id, j.id, j.document_id from memory.ingestion_jobs j
          where p_is_queue_empty and j.status in ('queued', 'parsing', 'embedding', 'indexing')
            and j.due_at <= now() and (j.lease_until is null or j.lease_until < now())
          order by j.due_at limit p_limit
        $$;
      grant execute on function memory.announce_free_jobs to parley_memory`);
  }
}
