import { Controller, Get, Param } from '@nestjs/common';
import { ApiExcludeEndpoint, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { TenantContext } from '@parley/contracts';
import { CurrentTenant } from '../http/tenant.decorator.js';
import { RequireScopes } from '../identity/require-scopes.decorator.js';
import { ApiListResponse } from '../wire/list.decorator.js';
import { listObject, type ListObject } from '../wire/page.view.js';
import { ModelObject } from './model.view.js';
import { ModelsService } from './models.service.js';

@ApiTags('Models')
@Controller('v1/models')
export class ModelsController {
  constructor(private readonly models: ModelsService) {}

  @Get()
  @RequireScopes('models:read')
  @ApiOperation({ summary: 'List models', description: 'Those of the provider and one per assistant.' })
  @ApiListResponse(ModelObject)
  async list(@CurrentTenant() tenant: TenantContext): Promise<ListObject<ModelObject>> {
    return listObject({ data: await this.models.list(tenant), hasMore: false }, (model) => model);
  }

  @Get(':model')
  @RequireScopes('models:read')
  @ApiOperation({ summary: 'Get a model' })
  @ApiOkResponse({ type: ModelObject })
  get(@CurrentTenant() tenant: TenantContext, @Param('model') id: string): Promise<ModelObject> {
    return this.models.get(tenant, id);
  }

  /** Providers have slashes in their models' names, and clients do not always encode them. */
  @Get('*')
  @RequireScopes('models:read')
  @ApiExcludeEndpoint()
  getWithSlashes(@CurrentTenant() tenant: TenantContext, @Param('*') id: string): Promise<ModelObject> {
    return this.models.get(tenant, id);
  }
}
