import { Module } from '@nestjs/common';
import { AssistantsModule } from '../assistants/assistants.module.js';
import { CitationsClient } from './citations.client.js';
import { ConversationHistory } from './conversation-history.js';
import { ConversationsConsumer } from './conversations.consumer.js';
import { ConversationsRepository } from './conversations.repository.js';
import { ConversationsService } from './conversations.service.js';
import { MessagesRepository } from './messages.repository.js';

@Module({
  imports: [AssistantsModule],
  controllers: [ConversationsConsumer],
  providers: [ConversationsService, ConversationsRepository, MessagesRepository, ConversationHistory, CitationsClient],
  exports: [ConversationHistory],
})
export class ConversationsModule {}
