import { Body, Controller, Delete, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { formatId, TenantContext } from '@parley/contracts';
import { PublicIdPipe } from '../http/public-id.pipe.js';
import { CurrentTenant } from '../http/tenant.decorator.js';
import { Idempotent } from '../idempotency/idempotent.decorator.js';
import { RequireScopes } from '../identity/require-scopes.decorator.js';
import { DeletedObject, deletedObject } from '../wire/deleted.view.js';
import { ApiListResponse } from '../wire/list.decorator.js';
import { pageFields, PageQuery } from '../wire/page.query.js';
import { listObject, type ListObject } from '../wire/page.view.js';
import { KnowledgeBasesService } from './knowledge-bases.service.js';
import { SearchBody, searchRequest } from './search.request.js';
import { SearchResultsPage, searchResultsPage } from './search.view.js';
import { CreateVectorStoreBody, UpdateVectorStoreBody } from './vector-store.request.js';
import { VectorStoreObject, vectorStoreObject } from './vector-store.view.js';

const VectorStoreId = () => Param('vector_store_id', new PublicIdPipe('knowledgeBase'));

@ApiTags('Vector stores')
@Controller('v1/vector_stores')
export class VectorStoresController {
  constructor(private readonly knowledgeBases: KnowledgeBasesService) {}

  @Post()
  @Idempotent()
  @HttpCode(200)
  @RequireScopes('knowledge:write')
  @ApiOperation({ summary: 'Create a vector store' })
  @ApiOkResponse({ type: VectorStoreObject })
  async create(
    @CurrentTenant() tenant: TenantContext,
    @Body() body: CreateVectorStoreBody,
  ): Promise<VectorStoreObject> {
    return vectorStoreObject(await this.knowledgeBases.create(tenant, body));
  }

  @Get()
  @RequireScopes('knowledge:read')
  @ApiOperation({ summary: 'List vector stores' })
  @ApiListResponse(VectorStoreObject)
  async list(
    @CurrentTenant() tenant: TenantContext,
    @Query() query: PageQuery,
  ): Promise<ListObject<VectorStoreObject>> {
    return listObject(await this.knowledgeBases.list(tenant, pageFields(query, 'knowledgeBase')), vectorStoreObject);
  }

  @Get(':vector_store_id')
  @RequireScopes('knowledge:read')
  @ApiOperation({ summary: 'Get a vector store' })
  @ApiOkResponse({ type: VectorStoreObject })
  async get(@CurrentTenant() tenant: TenantContext, @VectorStoreId() id: string): Promise<VectorStoreObject> {
    return vectorStoreObject(await this.knowledgeBases.get(tenant, id));
  }

  @Post(':vector_store_id')
  @HttpCode(200)
  @RequireScopes('knowledge:write')
  @ApiOperation({ summary: 'Update a vector store' })
  @ApiOkResponse({ type: VectorStoreObject })
  async update(
    @CurrentTenant() tenant: TenantContext,
    @VectorStoreId() id: string,
    @Body() body: UpdateVectorStoreBody,
  ): Promise<VectorStoreObject> {
    return vectorStoreObject(await this.knowledgeBases.update(tenant, id, body));
  }

  @Delete(':vector_store_id')
  @RequireScopes('knowledge:write')
  @ApiOperation({ summary: 'Delete a vector store', description: 'Its files stay.' })
  @ApiOkResponse({ type: DeletedObject })
  async delete(@CurrentTenant() tenant: TenantContext, @VectorStoreId() id: string): Promise<DeletedObject> {
    await this.knowledgeBases.delete(tenant, id);
    return deletedObject('vector_store.deleted', formatId('knowledgeBase', id));
  }

  @Post(':vector_store_id/search')
  @HttpCode(200)
  @RequireScopes('knowledge:read')
  @ApiOperation({ summary: 'Search a vector store' })
  @ApiOkResponse({ type: SearchResultsPage })
  async search(
    @CurrentTenant() tenant: TenantContext,
    @VectorStoreId() id: string,
    @Body() body: SearchBody,
  ): Promise<SearchResultsPage> {
    return searchResultsPage(body.query, await this.knowledgeBases.search(tenant, searchRequest(id, body)));
  }
}
