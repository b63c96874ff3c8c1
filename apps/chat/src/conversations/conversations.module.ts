import { Module } from '@nestjs/common';
import { AssistantsModule } from '../assistants/assistants.module.js';
import { AddedMessagesRepository } from './added-messages.repository.js';
import { CitationsClient } from './citations.client.js';
import { ConversationCareConsumer } from './conversation-care.consumer.js';
import { ConversationHistory } from './conversation-history.js';
import { ConversationSearchRepository } from './conversation-search.repository.js';
import { ConversationSearch } from './conversation-search.service.js';
import { ConversationsConsumer } from './conversations.consumer.js';
import { ConversationsRepository } from './conversations.repository.js';
import { ConversationsService } from './conversations.service.js';
import { FeedbackRepository } from './feedback.repository.js';
import { FeedbackService } from './feedback.service.js';
import { MessagesRepository } from './messages.repository.js';

@Module({
  imports: [AssistantsModule],
  controllers: [ConversationsConsumer, ConversationCareConsumer],
  providers: [
    ConversationsService,
    ConversationsRepository,
    MessagesRepository,
    AddedMessagesRepository,
    ConversationHistory,
    CitationsClient,
    ConversationSearch,
    ConversationSearchRepository,
    FeedbackService,
    FeedbackRepository,
  ],
  exports: [ConversationHistory, ConversationsRepository, MessagesRepository],
})
export class ConversationsModule {}
