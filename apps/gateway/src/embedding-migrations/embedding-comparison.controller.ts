import { Body, Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { TenantContext } from '@parley/contracts';
import { PublicIdPipe } from '../http/public-id.pipe.js';
import { CurrentTenant } from '../http/tenant.decorator.js';
import { RequireScopes } from '../identity/require-scopes.decorator.js';
import { parseIds } from '../wire/id-list.js';
import { ComparisonBody, ComparisonQuery } from './embedding-comparison.request.js';
import { EmbeddingComparisonObject, embeddingComparisonObject } from './embedding-comparison.view.js';
import { EmbeddingMigrationsService } from './embedding-migrations.service.js';

const VectorStoreId = () => Param('vector_store_id', new PublicIdPipe('knowledgeBase'));
const MigrationId = () => Param('embedding_migration_id', new PublicIdPipe('embeddingMigration'));

@ApiTags('Embedding migrations')
@Controller('api/v1/knowledge-bases/:vector_store_id/embedding-migrations/:embedding_migration_id/comparison')
@RequireScopes('admin')
export class EmbeddingComparisonController {
  constructor(private readonly migrations: EmbeddingMigrationsService) {}

  @Get()
  @ApiOperation({
    summary: 'Compare both embedding models',
    description: 'With the first sentences of some of the chunks as queries.',
  })
  @ApiOkResponse({ type: EmbeddingComparisonObject })
  async sample(
    @CurrentTenant() tenant: TenantContext,
    @VectorStoreId() knowledgeBaseId: string,
    @MigrationId() id: string,
    @Query() { sample }: ComparisonQuery,
  ): Promise<EmbeddingComparisonObject> {
    return embeddingComparisonObject(await this.migrations.compare(tenant, { knowledgeBaseId, id, sample }));
  }

  @Post()
  @HttpCode(200)
  @ApiOperation({
    summary: 'Compare both embedding models with queries of your own',
    description: 'Questions with the files that answer them show recall and nDCG of both models.',
  })
  @ApiOkResponse({ type: EmbeddingComparisonObject })
  async compare(
    @CurrentTenant() tenant: TenantContext,
    @VectorStoreId() knowledgeBaseId: string,
    @MigrationId() id: string,
    @Body() { questions, queries }: ComparisonBody,
  ): Promise<EmbeddingComparisonObject> {
    const expected = questions?.map(({ query, file_ids }, index) => ({
      query,
      fileIds: parseIds('file', file_ids, 'file', `questions.${index}.file_ids`),
    }));
    const asked = { ...(expected ? { questions: expected } : {}), ...(queries ? { queries } : {}) };
    return embeddingComparisonObject(await this.migrations.compare(tenant, { knowledgeBaseId, id, ...asked }));
  }
}
