import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post, Query } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { formatId, TenantContext } from '@parley/contracts';
import { PublicIdPipe } from '../http/public-id.pipe.js';
import { CurrentTenant } from '../http/tenant.decorator.js';
import { Idempotent } from '../idempotency/idempotent.decorator.js';
import { RequireScopes } from '../identity/require-scopes.decorator.js';
import { DeletedObject, deletedObject } from '../wire/deleted.view.js';
import { ApiListResponse } from '../wire/list.decorator.js';
import { pageFields, PageQuery } from '../wire/page.query.js';
import { listObject, type ListObject } from '../wire/page.view.js';
import { CreateConversationBody, UpdateConversationBody } from './conversation.request.js';
import { ConversationObject, conversationObject } from './conversation.view.js';
import { ConversationsService } from './conversations.service.js';

const ConversationId = () => Param('conversation_id', new PublicIdPipe('conversation'));

@ApiTags('Conversations')
@Controller('api/v1/conversations')
export class ConversationsController {
  constructor(private readonly conversations: ConversationsService) {}

  @Post()
  @Idempotent()
  @RequireScopes('chat:write')
  @ApiOperation({ summary: 'Create a conversation' })
  @ApiCreatedResponse({ type: ConversationObject })
  async create(
    @CurrentTenant() tenant: TenantContext,
    @Body() body: CreateConversationBody,
  ): Promise<ConversationObject> {
    return conversationObject(await this.conversations.create(tenant, body));
  }

  @Get()
  @RequireScopes('chat:read')
  @ApiOperation({ summary: 'List conversations' })
  @ApiListResponse(ConversationObject)
  async list(
    @CurrentTenant() tenant: TenantContext,
    @Query() query: PageQuery,
  ): Promise<ListObject<ConversationObject>> {
    return listObject(await this.conversations.list(tenant, pageFields(query, 'conversation')), conversationObject);
  }

  @Get(':conversation_id')
  @RequireScopes('chat:read')
  @ApiOperation({ summary: 'Get a conversation' })
  @ApiOkResponse({ type: ConversationObject })
  async get(@CurrentTenant() tenant: TenantContext, @ConversationId() id: string): Promise<ConversationObject> {
    return conversationObject(await this.conversations.get(tenant, id));
  }

  @Patch(':conversation_id')
  @RequireScopes('chat:write')
  @ApiOperation({
    summary: 'Rename a conversation, or go on with another branch of it',
    description: 'What is absent stays as it is.',
  })
  @ApiOkResponse({ type: ConversationObject })
  async update(
    @CurrentTenant() tenant: TenantContext,
    @ConversationId() id: string,
    @Body() body: UpdateConversationBody,
  ): Promise<ConversationObject> {
    return conversationObject(await this.conversations.update(tenant, id, body));
  }

  @Post(':conversation_id')
  @HttpCode(200)
  @RequireScopes('chat:write')
  @ApiOperation({ summary: 'Update a conversation, as OpenAI’s routes do', description: 'The same as PATCH.' })
  @ApiOkResponse({ type: ConversationObject })
  modify(
    @CurrentTenant() tenant: TenantContext,
    @ConversationId() id: string,
    @Body() body: UpdateConversationBody,
  ): Promise<ConversationObject> {
    return this.update(tenant, id, body);
  }

  @Delete(':conversation_id')
  @RequireScopes('chat:write')
  @ApiOperation({ summary: 'Delete a conversation with its messages' })
  @ApiOkResponse({ type: DeletedObject })
  async delete(@CurrentTenant() tenant: TenantContext, @ConversationId() id: string): Promise<DeletedObject> {
    await this.conversations.delete(tenant, id);
    return deletedObject('conversation.deleted', formatId('conversation', id));
  }
}
