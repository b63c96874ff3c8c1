import { Body, Controller, Delete, Get, Header, Param, Post, Query } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { formatId } from '@parley/contracts';
import { Audited } from '../audit/audited.decorator.js';
import { PublicIdPipe } from '../http/public-id.pipe.js';
import { CurrentPrincipal } from '../http/tenant.decorator.js';
import { DeletedObject, deletedObject } from '../wire/deleted.view.js';
import { ApiListResponse } from '../wire/list.decorator.js';
import { pageFields, PageQuery } from '../wire/page.query.js';
import { listObject, type ListObject } from '../wire/page.view.js';
import { ApiKeyObject, apiKeyObject, IssuedApiKeyObject, issuedApiKeyObject } from './api-key.view.js';
import { ApiKeysService } from './api-keys.service.js';
import { CreateApiKeyRequest } from './identity.requests.js';
import { type Principal } from './principal.js';

@ApiTags('API keys')
@Controller('api/v1/api-keys')
export class ApiKeysController {
  constructor(private readonly apiKeys: ApiKeysService) {}

  @Post()
  @Audited('api_key.create')
  @Header('cache-control', 'no-store')
  @ApiOperation({ summary: 'Create an API key', description: 'The secret is in this answer and nowhere else.' })
  @ApiCreatedResponse({ type: IssuedApiKeyObject })
  async create(
    @CurrentPrincipal() principal: Principal,
    @Body() { name, scopes, expires_at }: CreateApiKeyRequest,
  ): Promise<IssuedApiKeyObject> {
    const expiresAt = expires_at ? new Date(expires_at * 1_000) : null;
    return issuedApiKeyObject(await this.apiKeys.create(principal, { name, scopes, expiresAt }));
  }

  @Get()
  @ApiOperation({ summary: 'List API keys', description: 'Your own; as an administrator, all of the tenant.' })
  @ApiListResponse(ApiKeyObject)
  async list(@CurrentPrincipal() principal: Principal, @Query() query: PageQuery): Promise<ListObject<ApiKeyObject>> {
    return listObject(await this.apiKeys.list(principal, pageFields(query, 'apiKey')), apiKeyObject);
  }

  @Delete(':api_key_id')
  @Audited('api_key.revoke')
  @ApiOperation({ summary: 'Revoke an API key', description: 'It stops working within seconds.' })
  @ApiOkResponse({ type: DeletedObject })
  async revoke(
    @CurrentPrincipal() principal: Principal,
    @Param('api_key_id', new PublicIdPipe('apiKey')) id: string,
  ): Promise<DeletedObject> {
    await this.apiKeys.revoke(principal, id);
    return deletedObject('api_key.deleted', formatId('apiKey', id));
  }
}
