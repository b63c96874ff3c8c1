import { Body, Controller, Delete, Param, Put } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { formatId, TenantContext } from '@parley/contracts';
import { PublicIdPipe } from '../http/public-id.pipe.js';
import { CurrentTenant } from '../http/tenant.decorator.js';
import { RequireScopes } from '../identity/require-scopes.decorator.js';
import { DeletedObject, deletedObject } from '../wire/deleted.view.js';
import { ConversationCareService } from './conversation-care.service.js';
import { FeedbackBody } from './conversation.request.js';
import { FeedbackObject, feedbackObject } from './message.view.js';

const MessageId = () => Param('message_id', new PublicIdPipe('message'));
const ConversationId = () => Param('conversation_id', new PublicIdPipe('conversation'));

@ApiTags('Conversations')
@Controller('api/v1/conversations/:conversation_id/messages/:message_id/feedback')
export class FeedbackController {
  constructor(private readonly care: ConversationCareService) {}

  @Put()
  @RequireScopes('chat:write')
  @ApiOperation({ summary: 'Judge an answer', description: 'Replaces an earlier judgement.' })
  @ApiOkResponse({ type: FeedbackObject })
  async give(
    @CurrentTenant() tenant: TenantContext,
    @ConversationId() conversationId: string,
    @MessageId() messageId: string,
    @Body() { rating, comment = null }: FeedbackBody,
  ): Promise<FeedbackObject> {
    return feedbackObject(await this.care.give(tenant, { conversationId, messageId, rating, comment }));
  }

  @Delete()
  @RequireScopes('chat:write')
  @ApiOperation({ summary: 'Withdraw the judgement of an answer' })
  @ApiOkResponse({ type: DeletedObject })
  async withdraw(
    @CurrentTenant() tenant: TenantContext,
    @ConversationId() conversationId: string,
    @MessageId() messageId: string,
  ): Promise<DeletedObject> {
    await this.care.withdraw(tenant, { conversationId, messageId });
    return deletedObject('message.feedback.deleted', formatId('message', messageId));
  }
}
