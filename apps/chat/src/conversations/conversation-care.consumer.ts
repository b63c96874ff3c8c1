import { Controller } from '@nestjs/common';
import {
  type ConversationMatch,
  type DeletedReply,
  type Feedback,
  GiveFeedback,
  type GiveFeedbackRequest,
  type MessageRequest,
  type Page,
  SearchConversations,
  type SearchConversationsRequest,
  WithdrawFeedback,
} from '@parley/contracts';
import { HandleRpc, type MessageContext } from '@parley/messaging';
import { ConversationSearch } from './conversation-search.service.js';
import { FeedbackService } from './feedback.service.js';

@Controller()
export class ConversationCareConsumer {
  constructor(
    private readonly conversationSearch: ConversationSearch,
    private readonly feedback: FeedbackService,
  ) {}

  @HandleRpc(SearchConversations)
  search(request: SearchConversationsRequest, { tenant }: MessageContext): Promise<Page<ConversationMatch>> {
    return this.conversationSearch.search(tenant, request);
  }

  @HandleRpc(GiveFeedback)
  give(request: GiveFeedbackRequest, { tenant }: MessageContext): Promise<Feedback> {
    return this.feedback.give(tenant, request);
  }

  @HandleRpc(WithdrawFeedback)
  withdraw(request: MessageRequest, { tenant }: MessageContext): Promise<DeletedReply> {
    return this.feedback.withdraw(tenant, request);
  }
}
