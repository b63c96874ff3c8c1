import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { TenantContext } from '@parley/contracts';
import { CurrentTenant } from '../http/tenant.decorator.js';
import { RequireScopes } from '../identity/require-scopes.decorator.js';
import { EmbeddingsBody } from './embeddings.request.js';
import { EmbeddingsService } from './embeddings.service.js';
import { EmbeddingsList, embeddingsList } from './embeddings.view.js';

@ApiTags('Embeddings')
@Controller('v1/embeddings')
export class EmbeddingsController {
  constructor(private readonly embeddings: EmbeddingsService) {}

  @Post()
  @HttpCode(200)
  @RequireScopes('embeddings:write')
  @ApiOperation({ summary: 'Embed texts or tokens' })
  @ApiOkResponse({ type: EmbeddingsList })
  async create(@CurrentTenant() tenant: TenantContext, @Body() body: EmbeddingsBody): Promise<EmbeddingsList> {
    return embeddingsList(await this.embeddings.embed(tenant, body), body.encoding_format ?? 'float');
  }
}
