import { Controller, Delete, Get, Param, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { formatId, TenantContext } from '@parley/contracts';
import { PublicIdPipe } from '../http/public-id.pipe.js';
import { CurrentTenant } from '../http/tenant.decorator.js';
import { RequireScopes } from '../identity/require-scopes.decorator.js';
import { DeletedObject, deletedObject } from '../wire/deleted.view.js';
import { ApiListResponse } from '../wire/list.decorator.js';
import { listObject, type ListObject } from '../wire/page.view.js';
import { CitationList, citationList } from './citation.view.js';
import { MessagesQuery } from './conversation.request.js';
import { ConversationsService } from './conversations.service.js';
import { MessageObject, messageObject } from './message.view.js';

const MessageId = () => Param('message_id', new PublicIdPipe('message'));
const ConversationId = () => Param('conversation_id', new PublicIdPipe('conversation'));

@ApiTags('Conversations')
@Controller('api/v1/conversations/:conversation_id/messages')
export class MessagesController {
  constructor(private readonly conversations: ConversationsService) {}

  @Get()
  @RequireScopes('chat:read')
  @ApiOperation({ summary: 'List the messages of a conversation', description: 'Of one branch of it, or of all.' })
  @ApiListResponse(MessageObject)
  async list(
    @CurrentTenant() tenant: TenantContext,
    @ConversationId() id: string,
    @Query() query: MessagesQuery,
  ): Promise<ListObject<MessageObject>> {
    return listObject(await this.conversations.messages(tenant, id, query), messageObject);
  }

  @Get(':message_id')
  @RequireScopes('chat:read')
  @ApiOperation({ summary: 'Get a message of a conversation' })
  @ApiOkResponse({ type: MessageObject })
  async get(
    @CurrentTenant() tenant: TenantContext,
    @ConversationId() conversationId: string,
    @MessageId() messageId: string,
  ): Promise<MessageObject> {
    return messageObject(await this.conversations.message(tenant, { conversationId, messageId }));
  }

  @Get(':message_id/citations')
  @RequireScopes('chat:read')
  @ApiOperation({
    summary: 'Check what a message cites against the documents of today',
    description: 'A cited document may have been replaced or deleted since the answer was given.',
  })
  @ApiOkResponse({ type: CitationList })
  async citations(
    @CurrentTenant() tenant: TenantContext,
    @ConversationId() conversationId: string,
    @MessageId() messageId: string,
  ): Promise<CitationList> {
    return citationList(await this.conversations.citations(tenant, { conversationId, messageId }));
  }

  @Delete(':message_id')
  @RequireScopes('chat:write')
  @ApiOperation({
    summary: 'Delete a message',
    description: 'What follows it follows the one before it from then on.',
  })
  @ApiOkResponse({ type: DeletedObject })
  async delete(
    @CurrentTenant() tenant: TenantContext,
    @ConversationId() conversationId: string,
    @MessageId() messageId: string,
  ): Promise<DeletedObject> {
    await this.conversations.deleteMessage(tenant, { conversationId, messageId });
    return deletedObject('message.deleted', formatId('message', messageId));
  }
}
