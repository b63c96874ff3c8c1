import { Body, Controller, Delete, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiAcceptedResponse, ApiExtraModels, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { formatId, TenantContext } from '@parley/contracts';
import { PublicIdPipe } from '../http/public-id.pipe.js';
import { CurrentTenant } from '../http/tenant.decorator.js';
import { Idempotent } from '../idempotency/idempotent.decorator.js';
import { RequireScopes } from '../identity/require-scopes.decorator.js';
import { DeletedObject, deletedObject } from '../wire/deleted.view.js';
import { ApiListResponse } from '../wire/list.decorator.js';
import { pageFields, PageQuery } from '../wire/page.query.js';
import { listObject, type ListObject } from '../wire/page.view.js';
import { AddUrlsBody, ScheduleUrlBody } from './url.request.js';
import { ADDED_URLS, UrlListObject, UrlObject, urlObject } from './url.view.js';
import { UrlsService } from './urls.service.js';

const KnowledgeBaseId = () => Param('knowledge_base_id', new PublicIdPipe('knowledgeBase'));
const FileId = () => Param('file_id', new PublicIdPipe('file'));

@ApiTags('Knowledge bases')
@Controller('api/v1/knowledge-bases/:knowledge_base_id/urls')
export class UrlsController {
  constructor(private readonly urls: UrlsService) {}

  @Post()
  @Idempotent()
  @HttpCode(202)
  @RequireScopes('knowledge:write')
  @ApiOperation({
    summary: 'Add web pages',
    description:
      'Each is fetched and indexed in the background: of a page its article, of other files their text. The same address twice is one document; one that had failed is fetched again.',
  })
  @ApiExtraModels(UrlObject, UrlListObject)
  @ApiAcceptedResponse({ schema: ADDED_URLS })
  async add(
    @CurrentTenant() tenant: TenantContext,
    @KnowledgeBaseId() id: string,
    @Body() body: AddUrlsBody,
  ): Promise<UrlObject | UrlListObject> {
    const data = (await this.urls.add(tenant, id, body)).map(urlObject);
    return body.urls === undefined ? data[0]! : { object: 'list', data };
  }

  @Get()
  @RequireScopes('knowledge:read')
  @ApiOperation({ summary: 'List web pages' })
  @ApiListResponse(UrlObject)
  async list(
    @CurrentTenant() tenant: TenantContext,
    @KnowledgeBaseId() id: string,
    @Query() query: PageQuery,
  ): Promise<ListObject<UrlObject>> {
    return listObject(await this.urls.list(tenant, id, pageFields(query, 'file')), urlObject);
  }

  @Get(':file_id')
  @RequireScopes('knowledge:read')
  @ApiOperation({ summary: 'Get a web page', description: 'Shows the progress of its indexing and its last check.' })
  @ApiOkResponse({ type: UrlObject })
  async get(
    @CurrentTenant() tenant: TenantContext,
    @KnowledgeBaseId() id: string,
    @FileId() fileId: string,
  ): Promise<UrlObject> {
    return urlObject(await this.urls.get(tenant, id, fileId));
  }

  @Post(':file_id')
  @HttpCode(200)
  @RequireScopes('knowledge:write')
  @ApiOperation({ summary: 'Change how often a web page is refreshed' })
  @ApiOkResponse({ type: UrlObject })
  async schedule(
    @CurrentTenant() tenant: TenantContext,
    @KnowledgeBaseId() id: string,
    @FileId() fileId: string,
    @Body() body: ScheduleUrlBody,
  ): Promise<UrlObject> {
    return urlObject(await this.urls.schedule(tenant, id, fileId, body.refresh_interval_hours));
  }

  @Post(':file_id/refresh')
  @Idempotent()
  @HttpCode(202)
  @RequireScopes('knowledge:write')
  @ApiOperation({
    summary: 'Refresh a web page',
    description:
      'It is indexed again if it has changed; until then, and when it is gone, searches find what they found before. Refreshing a page that is being worked on changes nothing.',
  })
  @ApiAcceptedResponse({ type: UrlObject })
  async refresh(
    @CurrentTenant() tenant: TenantContext,
    @KnowledgeBaseId() id: string,
    @FileId() fileId: string,
  ): Promise<UrlObject> {
    return urlObject(await this.urls.refresh(tenant, id, fileId));
  }

  @Delete(':file_id')
  @RequireScopes('knowledge:write')
  @ApiOperation({ summary: 'Delete a web page', description: 'With everything that was fetched and indexed of it.' })
  @ApiOkResponse({ type: DeletedObject })
  async delete(
    @CurrentTenant() tenant: TenantContext,
    @KnowledgeBaseId() id: string,
    @FileId() fileId: string,
  ): Promise<DeletedObject> {
    await this.urls.delete(tenant, id, fileId);
    return deletedObject('knowledge_base.url.deleted', formatId('file', fileId));
  }
}
