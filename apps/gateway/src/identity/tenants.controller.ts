import { Body, Controller, Get, Header, Post, Query } from '@nestjs/common';
import { ApiCreatedResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { Audited } from '../audit/audited.decorator.js';
import { CurrentPrincipal } from '../http/tenant.decorator.js';
import { ApiListResponse } from '../wire/list.decorator.js';
import { pageFields, PageQuery } from '../wire/page.query.js';
import { listObject, type ListObject } from '../wire/page.view.js';
import { CreateTenantRequest } from './identity.requests.js';
import { type Principal } from './principal.js';
import { RequireScopes } from './require-scopes.decorator.js';
import { CreatedTenantObject, createdTenantObject, TenantObject, tenantObject } from './tenant.view.js';
import { TenantsService } from './tenants.service.js';

@ApiTags('Tenants')
@Controller('api/v1/tenants')
@RequireScopes('admin')
export class TenantsController {
  constructor(private readonly tenants: TenantsService) {}

  @Post()
  @Audited('tenant.create')
  @Header('cache-control', 'no-store')
  @ApiOperation({
    summary: 'Create a tenant with its administrator and a first API key',
    description: 'For administrators of the first tenant.',
  })
  @ApiCreatedResponse({ type: CreatedTenantObject })
  async create(
    @CurrentPrincipal() principal: Principal,
    @Body() { name, admin_email, admin_password }: CreateTenantRequest,
  ): Promise<CreatedTenantObject> {
    return createdTenantObject(await this.tenants.create(principal, name, admin_email, admin_password));
  }

  @Get()
  @ApiOperation({ summary: 'List tenants', description: 'For administrators of the first tenant.' })
  @ApiListResponse(TenantObject)
  async list(@CurrentPrincipal() principal: Principal, @Query() query: PageQuery): Promise<ListObject<TenantObject>> {
    return listObject(await this.tenants.list(principal, pageFields(query, 'tenant')), tenantObject);
  }
}
