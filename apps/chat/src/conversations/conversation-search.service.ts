import { Injectable } from '@nestjs/common';
import {
  type ConversationMatch,
  type Page,
  type SearchConversationsRequest,
  type TenantContext,
} from '@parley/contracts';
import { ConversationSearchRepository } from './conversation-search.repository.js';
import { conversationView } from './conversation.view.js';

@Injectable()
export class ConversationSearch {
  constructor(private readonly repository: ConversationSearchRepository) {}

  /** @throws DomainError `invalid_request` for a cursor that is not in the user's list */
  async search(tenant: TenantContext, request: SearchConversationsRequest): Promise<Page<ConversationMatch>> {
    const found = await this.repository.search(tenant, request);
    const data = found.slice(0, request.limit).map(({ conversation, messages }) => {
      return { conversation: conversationView(conversation), messages };
    });
    return { data, hasMore: found.length > request.limit };
  }
}
