import { Body, Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { TenantContext } from '@parley/contracts';
import { PublicIdPipe } from '../http/public-id.pipe.js';
import { CurrentTenant } from '../http/tenant.decorator.js';
import { Idempotent } from '../idempotency/idempotent.decorator.js';
import { RequireScopes } from '../identity/require-scopes.decorator.js';
import { ApiListResponse } from '../wire/list.decorator.js';
import { pageFields, PageQuery } from '../wire/page.query.js';
import { listObject, type ListObject } from '../wire/page.view.js';
import { StartEmbeddingMigrationBody } from './embedding-migration.request.js';
import { EmbeddingMigrationObject, embeddingMigrationObject } from './embedding-migration.view.js';
import { EmbeddingMigrationsService } from './embedding-migrations.service.js';

const VectorStoreId = () => Param('vector_store_id', new PublicIdPipe('knowledgeBase'));
const MigrationId = () => Param('embedding_migration_id', new PublicIdPipe('embeddingMigration'));

@ApiTags('Embedding migrations')
@Controller('api/v1/knowledge-bases/:vector_store_id/embedding-migrations')
@RequireScopes('admin')
export class EmbeddingMigrationsController {
  constructor(private readonly migrations: EmbeddingMigrationsService) {}

  @Post()
  @Idempotent()
  @ApiOperation({
    summary: 'Start to move a vector store to another embedding model',
    description: 'Its chunks are embedded in the background; searches do not change until the switch.',
  })
  @ApiCreatedResponse({ type: EmbeddingMigrationObject })
  async start(
    @CurrentTenant() tenant: TenantContext,
    @VectorStoreId() knowledgeBaseId: string,
    @Body() body: StartEmbeddingMigrationBody,
  ): Promise<EmbeddingMigrationObject> {
    return embeddingMigrationObject(await this.migrations.start(tenant, knowledgeBaseId, body));
  }

  @Get()
  @ApiOperation({ summary: 'List the embedding migrations of a vector store' })
  @ApiListResponse(EmbeddingMigrationObject)
  async list(
    @CurrentTenant() tenant: TenantContext,
    @VectorStoreId() knowledgeBaseId: string,
    @Query() query: PageQuery,
  ): Promise<ListObject<EmbeddingMigrationObject>> {
    const page = await this.migrations.list(tenant, knowledgeBaseId, pageFields(query, 'embeddingMigration'));
    return listObject(page, embeddingMigrationObject);
  }

  @Get(':embedding_migration_id')
  @ApiOperation({ summary: 'Get an embedding migration', description: 'Shows its progress.' })
  @ApiOkResponse({ type: EmbeddingMigrationObject })
  async get(
    @CurrentTenant() tenant: TenantContext,
    @VectorStoreId() knowledgeBaseId: string,
    @MigrationId() id: string,
  ): Promise<EmbeddingMigrationObject> {
    return embeddingMigrationObject(await this.migrations.get(tenant, { knowledgeBaseId, id }));
  }

  @Post(':embedding_migration_id/switch')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Search with the new embedding model',
    description: 'All at once, when every searchable chunk is embedded. Both models are kept up to date until the end.',
  })
  @ApiOkResponse({ type: EmbeddingMigrationObject })
  async switch(
    @CurrentTenant() tenant: TenantContext,
    @VectorStoreId() knowledgeBaseId: string,
    @MigrationId() id: string,
  ): Promise<EmbeddingMigrationObject> {
    return embeddingMigrationObject(await this.migrations.switch(tenant, { knowledgeBaseId, id }));
  }

  @Post(':embedding_migration_id/rollback')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Search with the old embedding model again',
    description: 'The vectors of the new one are removed.',
  })
  @ApiOkResponse({ type: EmbeddingMigrationObject })
  async rollBack(
    @CurrentTenant() tenant: TenantContext,
    @VectorStoreId() knowledgeBaseId: string,
    @MigrationId() id: string,
  ): Promise<EmbeddingMigrationObject> {
    return embeddingMigrationObject(await this.migrations.rollBack(tenant, { knowledgeBaseId, id }));
  }

  @Post(':embedding_migration_id/finish')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Give the old embedding model up',
    description: 'Its vectors are removed; there is no way back but another migration.',
  })
  @ApiOkResponse({ type: EmbeddingMigrationObject })
  async finish(
    @CurrentTenant() tenant: TenantContext,
    @VectorStoreId() knowledgeBaseId: string,
    @MigrationId() id: string,
  ): Promise<EmbeddingMigrationObject> {
    return embeddingMigrationObject(await this.migrations.finish(tenant, { knowledgeBaseId, id }));
  }

  @Post(':embedding_migration_id/cancel')
  @HttpCode(200)
  @ApiOperation({ summary: 'Give a migration up before the switch', description: 'What was embedded is removed.' })
  @ApiOkResponse({ type: EmbeddingMigrationObject })
  async cancel(
    @CurrentTenant() tenant: TenantContext,
    @VectorStoreId() knowledgeBaseId: string,
    @MigrationId() id: string,
  ): Promise<EmbeddingMigrationObject> {
    return embeddingMigrationObject(await this.migrations.cancel(tenant, { knowledgeBaseId, id }));
  }
}
