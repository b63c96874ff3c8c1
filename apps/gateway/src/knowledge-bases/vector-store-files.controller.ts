import { Body, Controller, Delete, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { formatId, TenantContext } from '@parley/contracts';
import { PublicIdPipe } from '../http/public-id.pipe.js';
import { CurrentTenant } from '../http/tenant.decorator.js';
import { Idempotent } from '../idempotency/idempotent.decorator.js';
import { RequireScopes } from '../identity/require-scopes.decorator.js';
import { DeletedObject, deletedObject } from '../wire/deleted.view.js';
import { ApiListResponse } from '../wire/list.decorator.js';
import { pageFields } from '../wire/page.query.js';
import { listObject, type ListObject } from '../wire/page.view.js';
import { DocumentsService } from './documents.service.js';
import { AttachFileBody, UpdateVectorStoreFileBody, VectorStoreFilesQuery } from './vector-store-file.request.js';
import {
  FileContentPage,
  fileContentPage,
  VectorStoreFileObject,
  vectorStoreFileObject,
} from './vector-store-file.view.js';

const VectorStoreId = () => Param('vector_store_id', new PublicIdPipe('knowledgeBase'));
const FileId = () => Param('file_id', new PublicIdPipe('file'));

@ApiTags('Vector stores')
@Controller('v1/vector_stores/:vector_store_id/files')
export class VectorStoreFilesController {
  constructor(private readonly documents: DocumentsService) {}

  @Post()
  @Idempotent()
  @HttpCode(200)
  @RequireScopes('knowledge:write')
  @ApiOperation({ summary: 'Attach a file', description: 'It is parsed, embedded and indexed in the background.' })
  @ApiOkResponse({ type: VectorStoreFileObject })
  async create(
    @CurrentTenant() tenant: TenantContext,
    @VectorStoreId() id: string,
    @Body() body: AttachFileBody,
  ): Promise<VectorStoreFileObject> {
    return vectorStoreFileObject(await this.documents.add(tenant, id, body));
  }

  @Get()
  @RequireScopes('knowledge:read')
  @ApiOperation({ summary: 'List the files of a vector store' })
  @ApiListResponse(VectorStoreFileObject)
  async list(
    @CurrentTenant() tenant: TenantContext,
    @VectorStoreId() id: string,
    @Query() query: VectorStoreFilesQuery,
  ): Promise<ListObject<VectorStoreFileObject>> {
    const page = await this.documents.list(tenant, id, pageFields(query, 'file'), query.filter);
    return listObject(page, vectorStoreFileObject);
  }

  @Get(':file_id')
  @RequireScopes('knowledge:read')
  @ApiOperation({ summary: 'Get a file of a vector store', description: 'Shows the progress of its indexing.' })
  @ApiOkResponse({ type: VectorStoreFileObject })
  async get(
    @CurrentTenant() tenant: TenantContext,
    @VectorStoreId() id: string,
    @FileId() fileId: string,
  ): Promise<VectorStoreFileObject> {
    return vectorStoreFileObject(await this.documents.get(tenant, id, fileId));
  }

  @Post(':file_id')
  @HttpCode(200)
  @RequireScopes('knowledge:write')
  @ApiOperation({ summary: 'Replace the attributes of a file' })
  @ApiOkResponse({ type: VectorStoreFileObject })
  async update(
    @CurrentTenant() tenant: TenantContext,
    @VectorStoreId() id: string,
    @FileId() fileId: string,
    @Body() body: UpdateVectorStoreFileBody,
  ): Promise<VectorStoreFileObject> {
    return vectorStoreFileObject(await this.documents.update(tenant, id, fileId, body.attributes ?? {}));
  }

  @Delete(':file_id')
  @RequireScopes('knowledge:write')
  @ApiOperation({ summary: 'Detach a file', description: 'The file itself stays.' })
  @ApiOkResponse({ type: DeletedObject })
  async delete(
    @CurrentTenant() tenant: TenantContext,
    @VectorStoreId() id: string,
    @FileId() fileId: string,
  ): Promise<DeletedObject> {
    await this.documents.delete(tenant, id, fileId);
    return deletedObject('vector_store.file.deleted', formatId('file', fileId));
  }

  @Get(':file_id/content')
  @RequireScopes('knowledge:read')
  @ApiOperation({ summary: 'Get the parsed text of a file' })
  @ApiOkResponse({ type: FileContentPage })
  async content(
    @CurrentTenant() tenant: TenantContext,
    @VectorStoreId() id: string,
    @FileId() fileId: string,
  ): Promise<FileContentPage> {
    return fileContentPage(await this.documents.content(tenant, id, fileId));
  }
}
