import { Injectable } from '@nestjs/common';
import { type TenantContext } from '@parley/contracts';
import { type AuditEvent } from './audit-event.js';
import { AuditRepository } from './audit.repository.js';

@Injectable()
export class AuditService {
  constructor(private readonly events: AuditRepository) {}

  async list(
    tenant: TenantContext,
    { limit, before }: { limit: number; before: number | null },
  ): Promise<{ events: AuditEvent[]; hasMore: boolean }> {
    const events = await this.events.list(tenant, { limit: limit + 1, before });
    return { events: events.slice(0, limit), hasMore: events.length > limit };
  }
}
