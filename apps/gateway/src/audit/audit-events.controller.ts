import { Controller, Get, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiPropertyOptional, ApiTags } from '@nestjs/swagger';
import { type TenantContext } from '@parley/contracts';
import { Type } from 'class-transformer';
import { IsInt, IsOptional, Min } from 'class-validator';
import { CurrentTenant } from '../http/tenant.decorator.js';
import { RequireScopes } from '../identity/require-scopes.decorator.js';
import { AuditEventListObject, auditEventObject } from './audit-events.view.js';
import { AuditService } from './audit.service.js';
import { LimitQuery } from '../wire/page.query.js';

export class AuditEventsQuery extends LimitQuery {
  @ApiPropertyOptional({ description: 'Sequence of the last event of the page before', minimum: 1 })
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  before: number | null = null;
}

@ApiTags('Audit')
@Controller('api/v1/audit-events')
@RequireScopes('admin')
export class AuditEventsController {
  constructor(private readonly audit: AuditService) {}

  @Get()
  @ApiOperation({
    summary: 'Who did what that concerns security',
    description: 'Of your tenant, the newest first: sign-ins, keys, users, tenants, flags, rollouts, log level.',
  })
  @ApiOkResponse({ type: AuditEventListObject })
  async list(
    @CurrentTenant() tenant: TenantContext,
    @Query() { limit, before }: AuditEventsQuery,
  ): Promise<AuditEventListObject> {
    const { events, hasMore } = await this.audit.list(tenant, { limit, before });
    return { object: 'list', data: events.map(auditEventObject), has_more: hasMore };
  }
}
