import { Readable } from 'node:stream';
import { Controller, Get, Param, Query, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProduces, ApiTags } from '@nestjs/swagger';
import { formatId, TenantContext } from '@parley/contracts';
import { type FastifyReply } from 'fastify';
import { PublicIdPipe } from '../http/public-id.pipe.js';
import { CurrentTenant } from '../http/tenant.decorator.js';
import { RequireScopes } from '../identity/require-scopes.decorator.js';
import { ApiListResponse } from '../wire/list.decorator.js';
import { listObject, type ListObject } from '../wire/page.view.js';
import { ConversationCareService } from './conversation-care.service.js';
import { jsonExport, markdownExport } from './conversation-export.js';
import { ConversationMatchObject, conversationMatchObject } from './conversation-match.view.js';
import { ExportQuery, SearchQuery } from './conversation.request.js';

@ApiTags('Conversations')
@Controller('api/v1/conversations')
export class ConversationCareController {
  constructor(private readonly care: ConversationCareService) {}

  @Get('search')
  @RequireScopes('chat:read')
  @ApiOperation({
    summary: 'Search conversations',
    description: 'In titles and messages of all branches; the newest conversation comes first.',
  })
  @ApiListResponse(ConversationMatchObject)
  async search(
    @CurrentTenant() tenant: TenantContext,
    @Query() query: SearchQuery,
  ): Promise<ListObject<ConversationMatchObject>> {
    return listObject(await this.care.search(tenant, query), conversationMatchObject);
  }

  @Get(':conversation_id/export')
  @RequireScopes('chat:read')
  @ApiOperation({
    summary: 'Export a conversation',
    description: 'As JSON with every branch, or as a Markdown document of the branch that is gone on with.',
  })
  @ApiProduces('application/json', 'text/markdown')
  @ApiOkResponse({ description: 'A file' })
  async export(
    @CurrentTenant() tenant: TenantContext,
    @Param('conversation_id', new PublicIdPipe('conversation')) id: string,
    @Query() { format }: ExportQuery,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const isJson = format === 'json';
    const exported = await this.care.export(tenant, id, isJson);
    const filename = `${formatId('conversation', id)}.${isJson ? 'json' : 'md'}`;
    await reply
      .header('content-type', isJson ? 'application/json; charset=utf-8' : 'text/markdown; charset=utf-8')
      .header('content-disposition', `attachment; filename="${filename}"`)
      .send(Readable.from(isJson ? jsonExport(exported) : markdownExport(exported)));
  }
}
