import { Injectable } from '@nestjs/common';
import { IngestDocument, TenantContext } from '@parley/contracts';
import { OutboxRepository } from '@parley/messaging';
import { Database } from '@parley/persistence';

/** Enough to keep every worker busy until the next sweep. */
const WAKE_UPS = 500;
const LEASES_PER_TURN = 20;
/** Sweeps act for a tenant, not for one of its users. */
const NOBODY = '00000000-0000-0000-0000-000000000000';

interface DueJob {
  tenant_id: string;
  job_id: string;
  document_id: string;
}

export interface ReapedJob {
  jobId: string;
  endedAs: 'queued' | 'failed';
}

export interface JobStatistics {
  state: string;
  jobs: number;
  /** Of those that wait: for how long the oldest has. */
  oldestSeconds: number | null;
}

@Injectable()
export class JobsRepository {
  constructor(
    private readonly database: Database,
    private readonly outbox: OutboxRepository,
  ) {}

  /**
   * Sends as many wake-ups as are missing for the jobs that are due, of all tenants.
   * @param waiting how many wait at the broker
   * @returns how many were sent
   */
  wakeUp(waiting: number): Promise<number> {
    return this.database.withoutTenant(async (tx) => {
      const parameters = [IngestDocument.name, waiting, WAKE_UPS];
      const jobs: DueJob[] = await tx.query('select * from memory.missing_wake_ups($1, $2, $3)', parameters);
      for (const { tenant_id: tenantId, job_id: jobId, document_id: documentId } of jobs) {
        const tenant = TenantContext.of({ tenantId, userId: NOBODY, role: 'member' });
        await this.outbox.add(tx, IngestDocument, { jobId, documentId }, tenant);
      }
      return jobs.length;
    });
  }

  /** Takes jobs of all tenants back from workers that stopped responding; few at a time, because each holds locks. */
  async reap(): Promise<ReapedJob[]> {
    const reaped: ReapedJob[] = [];
    for (;;) {
      const batch = await this.database.withoutTenant((tx) =>
        tx.query<ReapedJob[]>('select job_id as "jobId", ended_as as "endedAs" from memory.reap_ingestion_jobs($1)', [
          LEASES_PER_TURN,
        ]),
      );
      reaped.push(...batch);
      if (batch.length < LEASES_PER_TURN) return reaped;
    }
  }
  /** Of all tenants; states without jobs are left out. */
  statistics(): Promise<JobStatistics[]> {
    return this.database.withoutTenant((tx) =>
      tx.query<JobStatistics[]>(
        'select state, jobs, oldest_seconds as "oldestSeconds" from memory.ingestion_job_statistics()',
      ),
    );
  }
}
