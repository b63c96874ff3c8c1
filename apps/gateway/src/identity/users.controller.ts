import { Body, Controller, Get, Post, Query } from '@nestjs/common';
import { ApiCreatedResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { TenantContext } from '@parley/contracts';
import { Audited } from '../audit/audited.decorator.js';
import { CurrentTenant } from '../http/tenant.decorator.js';
import { ApiListResponse } from '../wire/list.decorator.js';
import { pageFields, PageQuery } from '../wire/page.query.js';
import { listObject, type ListObject } from '../wire/page.view.js';
import { CreateUserRequest } from './identity.requests.js';
import { RequireScopes } from './require-scopes.decorator.js';
import { ListedUserObject, listedUserObject } from './user.view.js';
import { UsersService } from './users.service.js';

@ApiTags('Users')
@Controller('api/v1/users')
@RequireScopes('admin')
export class UsersController {
  constructor(private readonly users: UsersService) {}

  @Post()
  @Audited('user.create')
  @ApiOperation({ summary: 'Create a user of your tenant' })
  @ApiCreatedResponse({ type: ListedUserObject })
  async create(
    @CurrentTenant() tenant: TenantContext,
    @Body() { email, password, role }: CreateUserRequest,
  ): Promise<ListedUserObject> {
    return listedUserObject(await this.users.create(tenant, email, password, role));
  }

  @Get()
  @ApiOperation({ summary: 'List the users of your tenant' })
  @ApiListResponse(ListedUserObject)
  async list(@CurrentTenant() tenant: TenantContext, @Query() query: PageQuery): Promise<ListObject<ListedUserObject>> {
    return listObject(await this.users.list(tenant, pageFields(query, 'user')), listedUserObject);
  }
}
