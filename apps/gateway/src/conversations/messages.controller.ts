import { Body, Controller, Get, HttpCode, Param, Post, Query, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProduces, ApiTags } from '@nestjs/swagger';
import { TenantContext } from '@parley/contracts';
import { type FastifyReply } from 'fastify';
import { PublicIdPipe } from '../http/public-id.pipe.js';
import { CurrentTenant } from '../http/tenant.decorator.js';
import { RequireScopes } from '../identity/require-scopes.decorator.js';
import { clientGone } from '../runs/client-gone.js';
import { streamCompletion } from '../runs/completion-stream.js';
import { ApiListResponse } from '../wire/list.decorator.js';
import { pageFields, PageQuery } from '../wire/page.query.js';
import { listObject, type ListObject } from '../wire/page.view.js';
import { CitationList, citationList } from './citation.view.js';
import { SendMessageBody } from './conversation.request.js';
import { ConversationsService } from './conversations.service.js';
import { MessageObject, messageObject } from './message.view.js';
import { TurnsService } from './turns.service.js';

const MessageId = () => Param('message_id', new PublicIdPipe('message'));
const ConversationId = () => Param('conversation_id', new PublicIdPipe('conversation'));

@ApiTags('Conversations')
@Controller('api/v1/conversations/:conversation_id/messages')
export class MessagesController {
  constructor(
    private readonly conversations: ConversationsService,
    private readonly turns: TurnsService,
  ) {}

  @Get()
  @RequireScopes('chat:read')
  @ApiOperation({ summary: 'List the messages of a conversation' })
  @ApiListResponse(MessageObject)
  async list(
    @CurrentTenant() tenant: TenantContext,
    @ConversationId() id: string,
    @Query() query: PageQuery,
  ): Promise<ListObject<MessageObject>> {
    return listObject(await this.conversations.messages(tenant, id, pageFields(query, 'message')), messageObject);
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

  @Post()
  @HttpCode(200)
  @RequireScopes('chat:write')
  @ApiOperation({
    summary: 'Send a message and get the answer',
    description: 'With `stream: true` the answer comes as the server-sent events of a chat completion, with its usage.',
  })
  @ApiProduces('application/json', 'text/event-stream')
  @ApiOkResponse({ type: MessageObject })
  async create(
    @CurrentTenant() tenant: TenantContext,
    @ConversationId() id: string,
    @Body() body: SendMessageBody,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const run = await this.turns.start(tenant, id, body, clientGone(reply.raw));
    if (body.stream) await streamCompletion(reply, run, { includeUsage: true });
    else await reply.send(messageObject(await this.turns.answer(run, id)));
  }
}
