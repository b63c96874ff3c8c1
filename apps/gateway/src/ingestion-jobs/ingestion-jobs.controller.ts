import { Controller, Get, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { ListIngestionJobs, TenantContext } from '@parley/contracts';
import { MessageBus } from '@parley/messaging';
import { CurrentTenant } from '../http/tenant.decorator.js';
import { RequireScopes } from '../identity/require-scopes.decorator.js';
import { ApiListResponse } from '../wire/list.decorator.js';
import { pageFields } from '../wire/page.query.js';
import { listObject, type ListObject } from '../wire/page.view.js';
import { inKnowledgeBase, IngestionJobsQuery } from './ingestion-job.request.js';
import { IngestionJobObject, ingestionJobObject } from './ingestion-job.view.js';

@ApiTags('Ingestion jobs')
@Controller('api/v1/ingestion-jobs')
export class IngestionJobsController {
  constructor(private readonly bus: MessageBus) {}

  @Get()
  @RequireScopes('knowledge:read')
  @ApiOperation({ summary: 'List ingestion jobs', description: 'One per version of a document, of your tenant.' })
  @ApiListResponse(IngestionJobObject)
  async list(
    @CurrentTenant() tenant: TenantContext,
    @Query() query: IngestionJobsQuery,
  ): Promise<ListObject<IngestionJobObject>> {
    const request = {
      ...pageFields(query, 'ingestionJob'),
      ...(query.status ? { status: query.status } : {}),
      ...inKnowledgeBase(query.vector_store_id),
    };
    return listObject(await this.bus.request(ListIngestionJobs, request, tenant), ingestionJobObject);
  }
}
