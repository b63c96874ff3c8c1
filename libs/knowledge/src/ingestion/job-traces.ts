import { Injectable } from '@nestjs/common';
import { Database } from '@parley/persistence';
import { type Lease } from './lease.js';

/** Which attempts at jobs are traced. */
@Injectable()
export class JobTraces {
  constructor(private readonly database: Database) {}

  /** Keeps the first attempt that is traced, for later ones to be linked to. */
  async note({ tenant, jobId, token }: Lease, traceparent: string): Promise<void> {
    await this.database.withTenant(tenant, (tx) =>
      tx.query(
        `update memory.ingestion_jobs set first_attempt_traceparent = $4
         where tenant_id = $1 and id = $2 and lease_token = $3 and first_attempt_traceparent is null`,
        [tenant.tenantId, jobId, token, traceparent],
      ),
    );
  }
}
