import { Module } from '@nestjs/common';
import { ConversationsModule } from '../conversations/conversations.module.js';
import { ConversationItemsService } from './conversation-items.service.js';
import { OpenAiConversationsController } from './openai-conversations.controller.js';

@Module({
  imports: [ConversationsModule],
  controllers: [OpenAiConversationsController],
  providers: [ConversationItemsService],
})
export class ConversationItemsModule {}
