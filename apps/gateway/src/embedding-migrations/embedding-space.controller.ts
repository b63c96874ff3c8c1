import { Body, Controller, Get, Param, Patch } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { TenantContext } from '@parley/contracts';
import { PublicIdPipe } from '../http/public-id.pipe.js';
import { CurrentTenant } from '../http/tenant.decorator.js';
import { RequireScopes } from '../identity/require-scopes.decorator.js';
import { UpdateEmbeddingSpaceBody } from './embedding-migration.request.js';
import { EmbeddingSpaceObject, embeddingSpaceObject } from './embedding-migration.view.js';
import { EmbeddingMigrationsService } from './embedding-migrations.service.js';

const VectorStoreId = () => Param('vector_store_id', new PublicIdPipe('knowledgeBase'));

@ApiTags('Embedding migrations')
@Controller('api/v1/knowledge-bases/:vector_store_id/embedding-space')
@RequireScopes('admin')
export class EmbeddingSpaceController {
  constructor(private readonly migrations: EmbeddingMigrationsService) {}

  @Get()
  @ApiOperation({
    summary: 'Get the embedding model of a vector store',
    description: 'And whether it answers, and what its vectors count for. Not found before the first file.',
  })
  @ApiOkResponse({ type: EmbeddingSpaceObject })
  async get(@CurrentTenant() tenant: TenantContext, @VectorStoreId() id: string): Promise<EmbeddingSpaceObject> {
    return embeddingSpaceObject(await this.migrations.space(tenant, id));
  }

  @Patch()
  @ApiOperation({ summary: 'Set what vectors count for against words' })
  @ApiOkResponse({ type: EmbeddingSpaceObject })
  async update(
    @CurrentTenant() tenant: TenantContext,
    @VectorStoreId() id: string,
    @Body() { vector_weight }: UpdateEmbeddingSpaceBody,
  ): Promise<EmbeddingSpaceObject> {
    return embeddingSpaceObject(await this.migrations.setVectorWeight(tenant, id, vector_weight));
  }
}
