import { Body, Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { TenantContext } from '@parley/contracts';
import { PublicIdPipe } from '../http/public-id.pipe.js';
import { CurrentTenant } from '../http/tenant.decorator.js';
import { Idempotent } from '../idempotency/idempotent.decorator.js';
import { RequireScopes } from '../identity/require-scopes.decorator.js';
import { ApiListResponse } from '../wire/list.decorator.js';
import { pageFields } from '../wire/page.query.js';
import { listObject, type ListObject } from '../wire/page.view.js';
import { batchFiles, CreateFileBatchBody } from './file-batch.request.js';
import { FileBatchObject, fileBatchObject } from './file-batch.view.js';
import { FileBatchesService } from './file-batches.service.js';
import { VectorStoreFilesQuery } from './vector-store-file.request.js';
import { VectorStoreFileObject, vectorStoreFileObject } from './vector-store-file.view.js';

const VectorStoreId = () => Param('vector_store_id', new PublicIdPipe('knowledgeBase'));
const BatchId = () => Param('batch_id', new PublicIdPipe('fileBatch'));

@ApiTags('Vector stores')
@Controller('v1/vector_stores/:vector_store_id/file_batches')
export class FileBatchesController {
  constructor(private readonly batches: FileBatchesService) {}

  @Post()
  @Idempotent()
  @HttpCode(200)
  @RequireScopes('knowledge:write')
  @ApiOperation({ summary: 'Attach up to 2,000 files', description: 'All of them are attached or none.' })
  @ApiOkResponse({ type: FileBatchObject })
  async create(
    @CurrentTenant() tenant: TenantContext,
    @VectorStoreId() id: string,
    @Body() body: CreateFileBatchBody,
  ): Promise<FileBatchObject> {
    const listName = body.files ? 'files' : 'file_ids';
    return fileBatchObject(await this.batches.create(tenant, id, batchFiles(body), listName));
  }

  @Get(':batch_id')
  @RequireScopes('knowledge:read')
  @ApiOperation({ summary: 'Get a file batch' })
  @ApiOkResponse({ type: FileBatchObject })
  async get(
    @CurrentTenant() tenant: TenantContext,
    @VectorStoreId() knowledgeBaseId: string,
    @BatchId() batchId: string,
  ): Promise<FileBatchObject> {
    return fileBatchObject(await this.batches.get(tenant, { knowledgeBaseId, batchId }));
  }

  @Post(':batch_id/cancel')
  @HttpCode(200)
  @RequireScopes('knowledge:write')
  @ApiOperation({ summary: 'Cancel a file batch', description: 'What has completed stays.' })
  @ApiOkResponse({ type: FileBatchObject })
  async cancel(
    @CurrentTenant() tenant: TenantContext,
    @VectorStoreId() knowledgeBaseId: string,
    @BatchId() batchId: string,
  ): Promise<FileBatchObject> {
    return fileBatchObject(await this.batches.cancel(tenant, { knowledgeBaseId, batchId }));
  }

  @Get(':batch_id/files')
  @RequireScopes('knowledge:read')
  @ApiOperation({ summary: 'List the files of a file batch' })
  @ApiListResponse(VectorStoreFileObject)
  async files(
    @CurrentTenant() tenant: TenantContext,
    @VectorStoreId() knowledgeBaseId: string,
    @BatchId() batchId: string,
    @Query() query: VectorStoreFilesQuery,
  ): Promise<ListObject<VectorStoreFileObject>> {
    const request = { knowledgeBaseId, batchId };
    const page = await this.batches.files(tenant, request, pageFields(query, 'file'), query.filter);
    return listObject(page, vectorStoreFileObject);
  }
}
