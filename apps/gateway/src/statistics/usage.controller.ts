import { Controller, Get, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { TenantContext } from '@parley/contracts';
import { CurrentTenant } from '../http/tenant.decorator.js';
import { RequireScopes } from '../identity/require-scopes.decorator.js';
import { UsageQuery } from './statistics.request.js';
import { StatisticsService } from './statistics.service.js';
import { UsageObject, usageObject } from './usage-statistics.view.js';

@ApiTags('Statistics')
@Controller('api/v1/statistics')
@RequireScopes('admin')
export class UsageController {
  constructor(private readonly statistics: StatisticsService) {}

  @Get('usage')
  @ApiOperation({
    summary: "What the caller's tenant has used: requests, tokens, cost",
    description: 'By day, model, user, assistant or purpose; at most 1,000 rows, the most expensive first.',
  })
  @ApiOkResponse({ type: UsageObject })
  async usage(@Query() query: UsageQuery, @CurrentTenant() tenant: TenantContext): Promise<UsageObject> {
    const request = query.toMessage(new Date());
    return usageObject(request, await this.statistics.usage(tenant, request));
  }
}
