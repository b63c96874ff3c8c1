import { Controller, Get, HttpCode, Param, Post, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProduces, ApiTags } from '@nestjs/swagger';
import { CancelIngestion, GetIngestionJob, TenantContext } from '@parley/contracts';
import { MessageBus } from '@parley/messaging';
import { type FastifyReply } from 'fastify';
import { PublicIdPipe } from '../http/public-id.pipe.js';
import { CurrentTenant } from '../http/tenant.decorator.js';
import { RequireScopes } from '../identity/require-scopes.decorator.js';
import { IngestionJobObject, ingestionJobObject } from './ingestion-job.view.js';
import { ProgressService } from './progress.service.js';

const VectorStoreId = () => Param('vector_store_id', new PublicIdPipe('knowledgeBase'));
const FileId = () => Param('file_id', new PublicIdPipe('file'));

@ApiTags('Ingestion jobs')
@Controller('api/v1/knowledge-bases/:vector_store_id')
export class DocumentJobController {
  constructor(
    private readonly bus: MessageBus,
    private readonly progress: ProgressService,
  ) {}

  @Get('files/:file_id/job')
  @RequireScopes('knowledge:read')
  @ApiOperation({ summary: 'Get the ingestion job of a file', description: 'Of its latest version.' })
  @ApiOkResponse({ type: IngestionJobObject })
  async get(
    @CurrentTenant() tenant: TenantContext,
    @VectorStoreId() knowledgeBaseId: string,
    @FileId() fileId: string,
  ): Promise<IngestionJobObject> {
    return ingestionJobObject(await this.bus.request(GetIngestionJob, { knowledgeBaseId, fileId }, tenant));
  }

  @Post('files/:file_id/job/cancel')
  @HttpCode(200)
  @RequireScopes('knowledge:write')
  @ApiOperation({
    summary: 'Cancel the ingestion of a file',
    description:
      'In whatever stage. A version before it stays searchable. What has ended already stays as it is: the answer tells how.',
  })
  @ApiOkResponse({ type: IngestionJobObject })
  async cancel(
    @CurrentTenant() tenant: TenantContext,
    @VectorStoreId() knowledgeBaseId: string,
    @FileId() fileId: string,
  ): Promise<IngestionJobObject> {
    return ingestionJobObject(await this.bus.request(CancelIngestion, { knowledgeBaseId, fileId }, tenant));
  }

  @Get('files/:file_id/job/events')
  @RequireScopes('knowledge:read')
  @ApiOperation({
    summary: 'Follow the ingestion of a file',
    description:
      'Events `progress` with the job whenever it changes, and last `completed`, `failed` or `cancelled`. `reconnect` asks to come back with `Last-Event-ID`, `error` says that the job is gone or cannot be followed. 204 when you have seen the end.',
  })
  @ApiProduces('text/event-stream')
  @ApiOkResponse({ schema: { type: 'string' } })
  events(
    @CurrentTenant() tenant: TenantContext,
    @VectorStoreId() knowledgeBaseId: string,
    @FileId() fileId: string,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    return this.progress.followJob(tenant, { knowledgeBaseId, fileId }, reply);
  }

  @Get('events')
  @RequireScopes('knowledge:read')
  @ApiOperation({
    summary: 'Follow the ingestion of all files of a vector store',
    description: 'Events `progress` with counts whenever they change, and last `completed` when none is in progress.',
  })
  @ApiProduces('text/event-stream')
  @ApiOkResponse({ schema: { type: 'string' } })
  allEvents(
    @CurrentTenant() tenant: TenantContext,
    @VectorStoreId() knowledgeBaseId: string,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    return this.progress.followKnowledgeBase(tenant, knowledgeBaseId, reply);
  }
}
