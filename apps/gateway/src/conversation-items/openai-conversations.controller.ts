import { Body, Controller, Delete, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProperty, ApiTags } from '@nestjs/swagger';
import { type ConversationView, formatId, type Metadata, TenantContext } from '@parley/contracts';
import { ConversationsService } from '../conversations/conversations.service.js';
import { PublicIdPipe } from '../http/public-id.pipe.js';
import { CurrentTenant } from '../http/tenant.decorator.js';
import { Idempotent } from '../idempotency/idempotent.decorator.js';
import { RequireScopes } from '../identity/require-scopes.decorator.js';
import { DeletedObject, deletedObject } from '../wire/deleted.view.js';
import { ApiListResponse } from '../wire/list.decorator.js';
import { listObject, type ListObject } from '../wire/page.view.js';
import { unixSeconds } from '../wire/unix-seconds.js';
import {
  AddItemsBody,
  CreateOpenAiConversationBody,
  ItemsQuery,
  UpdateOpenAiConversationBody,
} from './conversation-items.request.js';
import { ConversationItemsService } from './conversation-items.service.js';
import { ItemObject } from './item.view.js';

/** OpenAI's object; `/api/v1/conversations` shows more of the same conversation. */
export class OpenAiConversationObject {
  @ApiProperty({ example: 'conv_01890a5d7c3e7b3e9d1f2a3b4c5d6e7f' })
  id!: string;

  @ApiProperty({ enum: ['conversation'] })
  object!: 'conversation';

  @ApiProperty({ description: 'Unix time in seconds' })
  created_at!: number;

  @ApiProperty({ type: 'object', additionalProperties: { type: 'string' } })
  metadata!: Metadata;
}

const ConversationId = () => Param('conversation_id', new PublicIdPipe('conversation'));

@ApiTags('Conversations')
@Controller('v1/conversations')
export class OpenAiConversationsController {
  constructor(
    private readonly items: ConversationItemsService,
    private readonly conversations: ConversationsService,
  ) {}

  @Post()
  @Idempotent()
  @HttpCode(200)
  @RequireScopes('chat:write')
  @ApiOperation({ summary: 'Create a conversation, with items if need be' })
  @ApiOkResponse({ type: OpenAiConversationObject })
  async create(
    @CurrentTenant() tenant: TenantContext,
    @Body() { items, metadata }: CreateOpenAiConversationBody,
  ): Promise<OpenAiConversationObject> {
    return conversationObject(await this.items.create(tenant, items ?? [], metadata ?? {}));
  }

  @Get(':conversation_id')
  @RequireScopes('chat:read')
  @ApiOperation({ summary: 'Get a conversation' })
  @ApiOkResponse({ type: OpenAiConversationObject })
  async get(@CurrentTenant() tenant: TenantContext, @ConversationId() id: string): Promise<OpenAiConversationObject> {
    return conversationObject(await this.conversations.get(tenant, id));
  }

  @Post(':conversation_id')
  @HttpCode(200)
  @RequireScopes('chat:write')
  @ApiOperation({ summary: 'Replace the metadata of a conversation' })
  @ApiOkResponse({ type: OpenAiConversationObject })
  async update(
    @CurrentTenant() tenant: TenantContext,
    @ConversationId() id: string,
    @Body() { metadata }: UpdateOpenAiConversationBody,
  ): Promise<OpenAiConversationObject> {
    return conversationObject(await this.items.setMetadata(tenant, id, metadata ?? {}));
  }

  @Delete(':conversation_id')
  @RequireScopes('chat:write')
  @ApiOperation({ summary: 'Delete a conversation with its items' })
  @ApiOkResponse({ type: DeletedObject })
  async delete(@CurrentTenant() tenant: TenantContext, @ConversationId() id: string): Promise<DeletedObject> {
    await this.conversations.delete(tenant, id);
    return deletedObject('conversation.deleted', formatId('conversation', id));
  }

  @Get(':conversation_id/items')
  @RequireScopes('chat:read')
  @ApiOperation({ summary: 'List the items of a conversation', description: 'Of the branch that is gone on with.' })
  @ApiListResponse(ItemObject)
  async listItems(
    @CurrentTenant() tenant: TenantContext,
    @ConversationId() id: string,
    @Query() query: ItemsQuery,
  ): Promise<ListObject<ItemObject>> {
    return listObject(await this.items.list(tenant, id, query), (item) => item);
  }

  @Post(':conversation_id/items')
  @Idempotent()
  @HttpCode(200)
  @RequireScopes('chat:write')
  @ApiOperation({ summary: 'Add items to a conversation' })
  @ApiListResponse(ItemObject)
  async addItems(
    @CurrentTenant() tenant: TenantContext,
    @ConversationId() id: string,
    @Body() body: AddItemsBody,
  ): Promise<ListObject<ItemObject>> {
    return listObject({ data: await this.items.add(tenant, id, body.items), hasMore: false }, (item) => item);
  }

  @Get(':conversation_id/items/:item_id')
  @RequireScopes('chat:read')
  @ApiOperation({ summary: 'Get an item of a conversation' })
  @ApiOkResponse({ type: ItemObject })
  getItem(
    @CurrentTenant() tenant: TenantContext,
    @ConversationId() id: string,
    @Param('item_id') itemId: string,
  ): Promise<ItemObject> {
    return this.items.get(tenant, id, itemId);
  }

  @Delete(':conversation_id/items/:item_id')
  @RequireScopes('chat:write')
  @ApiOperation({ summary: 'Delete an item of a conversation' })
  @ApiOkResponse({ type: OpenAiConversationObject })
  async deleteItem(
    @CurrentTenant() tenant: TenantContext,
    @ConversationId() id: string,
    @Param('item_id') itemId: string,
  ): Promise<OpenAiConversationObject> {
    return conversationObject(await this.items.delete(tenant, id, itemId));
  }
}

function conversationObject({ id, metadata, createdAt }: ConversationView): OpenAiConversationObject {
  return {
    id: formatId('conversation', id),
    object: 'conversation',
    created_at: unixSeconds(createdAt),
    metadata,
  };
}
