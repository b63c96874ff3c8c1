import { Injectable, Logger } from '@nestjs/common';
import { type TenantContext } from '@parley/contracts';
import { requestScope } from '@parley/observability';
import { type NewAuditEvent } from './audit-event.js';
import { AuditRepository } from './audit.repository.js';

/** What is recorded of an event, beside who did what. */
export type AuditDetails = Pick<NewAuditEvent, 'action' | 'outcome'> & Partial<NewAuditEvent>;

const MAX_TARGET_CHARACTERS = 200;

@Injectable()
export class AuditLog {
  readonly #logger = new Logger(AuditLog.name);

  constructor(private readonly events: AuditRepository) {}

  /** @throws DomainError `service_unavailable`: then the event is in the process's log */
  async record(tenant: TenantContext, details: AuditDetails): Promise<void> {
    const { target = null, apiKeyId = null, code = null, address = null } = details;
    const requestId = requestScope.requestId ?? null;
    const { action, outcome } = details;
    const event = { action, outcome, target: target?.slice(0, MAX_TARGET_CHARACTERS) ?? null, apiKeyId, code, address };
    try {
      await this.events.append(tenant, { ...event, requestId });
    } catch (error) {
      const { tenantId, userId } = tenant;
      this.#logger.error(`Not in the audit log: ${JSON.stringify({ tenantId, userId, ...event })}`);
      throw error;
    }
  }

  /** For what is refused anyway, and must not take longer because somebody is known. */
  note(tenant: TenantContext, details: AuditDetails): void {
    this.record(tenant, details).catch(() => undefined);
  }
}
