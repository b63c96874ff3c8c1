import { Controller, Delete, Get, Header, HttpCode, Param, Post, Query, Req, StreamableFile } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProduces, ApiTags } from '@nestjs/swagger';
import { formatId, TenantContext } from '@parley/contracts';
import { type FastifyRequest } from 'fastify';
import { PublicIdPipe } from '../http/public-id.pipe.js';
import { CurrentTenant } from '../http/tenant.decorator.js';
import { Idempotent } from '../idempotency/idempotent.decorator.js';
import { RequireScopes } from '../identity/require-scopes.decorator.js';
import { DeletedObject, deletedObject } from '../wire/deleted.view.js';
import { ApiListResponse } from '../wire/list.decorator.js';
import { pageFields } from '../wire/page.query.js';
import { listObject, type ListObject } from '../wire/page.view.js';
import { ContentService } from './content.service.js';
import { FileObject, fileObject } from './file.view.js';
import { attachmentDisposition } from './filename.js';
import { FilesQuery } from './files.query.js';
import { FilesService } from './files.service.js';
import { formPartsOf } from './form-parts.js';
import { ApiUpload } from './upload.decorator.js';
import { UploadService } from './upload.service.js';

@ApiTags('Files')
@Controller('v1/files')
export class FilesController {
  constructor(
    private readonly files: FilesService,
    private readonly uploads: UploadService,
    private readonly contents: ContentService,
  ) {}

  @Post()
  @Idempotent()
  @HttpCode(200)
  @RequireScopes('files:write')
  @ApiOperation({ summary: 'Upload a file', description: 'The form holds one file, which is stored as it arrives.' })
  @ApiUpload({ several: false })
  @ApiOkResponse({ type: FileObject })
  async create(@CurrentTenant() tenant: TenantContext, @Req() request: FastifyRequest): Promise<FileObject> {
    const rules = { maxFiles: 1, fileFields: ['file'] };
    const [file] = await this.uploads.upload(tenant, formPartsOf(request), rules);
    return fileObject(file!);
  }

  @Get()
  @RequireScopes('files:read')
  @ApiOperation({ summary: 'List files' })
  @ApiListResponse(FileObject)
  async list(@CurrentTenant() tenant: TenantContext, @Query() query: FilesQuery): Promise<ListObject<FileObject>> {
    return listObject(await this.files.list(tenant, pageFields(query, 'file'), query.purpose), fileObject);
  }

  @Get(':file_id')
  @RequireScopes('files:read')
  @ApiOperation({ summary: 'Get a file' })
  @ApiOkResponse({ type: FileObject })
  async get(
    @CurrentTenant() tenant: TenantContext,
    @Param('file_id', new PublicIdPipe('file')) id: string,
  ): Promise<FileObject> {
    return fileObject(await this.files.get(tenant, id));
  }

  @Get(':file_id/content')
  @RequireScopes('files:read')
  @Header('x-content-type-options', 'nosniff')
  @Header('content-security-policy', "default-src 'none'; sandbox")
  @Header('cache-control', 'private, no-store')
  @ApiOperation({ summary: 'Download the original' })
  @ApiProduces('application/octet-stream')
  @ApiOkResponse({ schema: { type: 'string', format: 'binary' } })
  async content(
    @CurrentTenant() tenant: TenantContext,
    @Param('file_id', new PublicIdPipe('file')) id: string,
  ): Promise<StreamableFile> {
    const { file, content } = await this.contents.open(tenant, id);
    return new StreamableFile(content, {
      type: file.contentType,
      disposition: attachmentDisposition(file.filename),
      length: file.bytes,
    });
  }

  @Delete(':file_id')
  @RequireScopes('files:write')
  @ApiOperation({ summary: 'Delete a file', description: 'Also from every vector store that holds it.' })
  @ApiOkResponse({ type: DeletedObject })
  async delete(
    @CurrentTenant() tenant: TenantContext,
    @Param('file_id', new PublicIdPipe('file')) id: string,
  ): Promise<DeletedObject> {
    await this.files.delete(tenant, id);
    return deletedObject('file', formatId('file', id));
  }
}
