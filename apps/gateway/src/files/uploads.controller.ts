import { Controller, Post, Req } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { TenantContext } from '@parley/contracts';
import { type FastifyRequest } from 'fastify';
import { CurrentTenant } from '../http/tenant.decorator.js';
import { RequireScopes } from '../identity/require-scopes.decorator.js';
import { ApiListResponse } from '../wire/list.decorator.js';
import { listObject, type ListObject } from '../wire/page.view.js';
import { FileObject, fileObject } from './file.view.js';
import { formPartsOf } from './form-parts.js';
import { UploadConfig } from './upload.config.js';
import { ApiUpload } from './upload.decorator.js';
import { UploadService } from './upload.service.js';

@ApiTags('Files')
@Controller('api/v1/files')
export class UploadsController {
  constructor(
    private readonly uploads: UploadService,
    private readonly config: UploadConfig,
  ) {}

  @Post()
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
}
