import { Injectable } from '@nestjs/common';
import { IngestDocument, TenantContext } from '@parley/contracts';
import { OutboxRepository } from '@parley/messaging';
import { Database } from '@parley/persistence';

const BATCH = 500;
/** Sweeps act for a tenant, not for one of its users. */
const NOBODY = '00000000-0000-0000-0000-000000000000';

interface FreeJob {
  tenant_id: string;
  job_id: string;
  document_id: string;
}

@Injectable()
export class JobsRepository {
  constructor(
    private readonly database: Database,
    private readonly outbox: OutboxRepository,
  ) {}

  /**
   * Announces jobs of all tenants that nobody works on and no worker is going to hear of; what was announced twice is
   * claimed once.
   * @param isQueueEmpty no announcement waits at the broker
   * @returns how many
   */
  announceFree(isQueueEmpty: boolean): Promise<number> {
    return this.database.withoutTenant(async (tx) => {
      const parameters = [IngestDocument.name, isQueueEmpty, BATCH];
      const jobs: FreeJob[] = await tx.query('select * from memory.announce_free_jobs($1, $2, $3)', parameters);
      for (const { tenant_id: tenantId, job_id: jobId, document_id: documentId } of jobs) {
        const tenant = TenantContext.of({ tenantId, userId: NOBODY, role: 'member' });
        await this.outbox.add(tx, IngestDocument, { jobId, documentId }, tenant);
      }
      return jobs.length;
    });
  }
}
