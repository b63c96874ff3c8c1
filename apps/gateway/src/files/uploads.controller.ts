import { Controller, Param, Post, Put, Req } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { type ReplaceFileContentReply, TenantContext } from '@parley/contracts';
import { type FastifyRequest } from 'fastify';
import { PublicIdPipe } from '../http/public-id.pipe.js';
import { CurrentTenant } from '../http/tenant.decorator.js';
import { Idempotent } from '../idempotency/idempotent.decorator.js';
import { RequireScopes } from '../identity/require-scopes.decorator.js';
import { ApiListResponse } from '../wire/list.decorator.js';
import { listObject, type ListObject } from '../wire/page.view.js';
import { ContentService } from './content.service.js';
import { FileObject, fileObject, ReplacedFileObject } from './file.view.js';
import { formPartsOf } from './form-parts.js';
import { hasRawBody, rawBodyOf, ReadsRawBody } from './raw-body.js';
import { UploadConfig } from './upload.config.js';
import { ApiContent, ApiUpload } from './upload.decorator.js';
import { UploadService } from './upload.service.js';

@ApiTags('Files')
@Controller('api/v1/files')
export class UploadsController {
  constructor(
    private readonly uploads: UploadService,
    private readonly contents: ContentService,
    private readonly config: UploadConfig,
  ) {}

  @Post()
  @Idempotent()
  @RequireScopes('files:write')
  @ApiOperation({ summary: 'Upload several files', description: 'All of them are kept or none.' })
  @ApiUpload({ several: true })
  @ApiListResponse(FileObject)
  async create(
    @CurrentTenant() tenant: TenantContext,
    @Req() request: FastifyRequest,
  ): Promise<ListObject<FileObject>> {
    const data = await this.uploads.upload(tenant, formPartsOf(request), {
      maxFiles: this.config.maxFilesPerRequest,
      fileFields: ['files', 'file', 'files[]'],
      defaultPurpose: 'assistants',
    });
    return listObject({ data, hasMore: false }, fileObject);
  }

  @Put(':file_id/content')
  @ReadsRawBody()
  @RequireScopes('files:write')
  @ApiOperation({
    summary: 'Replace the content of a file',
    description:
      'The body is the new content, or a form with one file; its type stays. Every vector store that holds the file indexes the new content, and searches find the old one until that is done. The same content again changes nothing.',
  })
  @ApiContent()
  @ApiOkResponse({ type: ReplacedFileObject })
  async replace(
    @CurrentTenant() tenant: TenantContext,
    @Param('file_id', new PublicIdPipe('file')) id: string,
    @Req() request: FastifyRequest,
  ): Promise<ReplacedFileObject> {
    const { file, changed } = hasRawBody(request)
      ? await this.#replaceRaw(tenant, id, request)
      : await this.contents.replaceByForm(tenant, id, formPartsOf(request));
    return { ...fileObject(file), parley: { changed } };
  }

  async #replaceRaw(tenant: TenantContext, id: string, request: FastifyRequest): Promise<ReplaceFileContentReply> {
    const content = rawBodyOf(request);
    try {
      return await this.contents.replace(tenant, id, content);
    } finally {
      content.destroy();
    }
  }
}
