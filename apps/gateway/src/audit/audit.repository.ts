import { Injectable } from '@nestjs/common';
import { type TenantContext } from '@parley/contracts';
import { Database, functionCall, storableJson } from '@parley/persistence';
import { type AuditEvent } from './audit-event.js';

@Injectable()
export class AuditRepository {
  constructor(private readonly database: Database) {}

  async append(
    tenant: TenantContext,
    { action, ...event }: Omit<AuditEvent, 'sequence' | 'at' | 'userId'>,
  ): Promise<void> {
    const { sql, values } = functionCall('identity.append_audit', {
      tenant: tenant.tenantId,
      action,
      event: storableJson({ ...event, userId: tenant.userId }),
    });
    await this.database.query(tenant, sql, values);
  }

  /** The newest first, of those before a place. */
  list(tenant: TenantContext, { limit, before }: { limit: number; before: number | null }): Promise<AuditEvent[]> {
    return this.database
      .query<{ sequence: string; at: Date; action: AuditEvent['action']; event: AuditEvent }>(
        tenant,
        `select sequence, at, action, event from identity.audit_events
         where tenant_id = $1 and ($2::bigint is null or sequence < $2) order by sequence desc limit $3`,
        [tenant.tenantId, before, limit],
      )
      .then((rows) => rows.map(({ event, ...row }) => ({ ...event, ...row, sequence: Number(row.sequence) })));
  }
}
