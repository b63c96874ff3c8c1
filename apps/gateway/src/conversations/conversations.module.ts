import { Module } from '@nestjs/common';
import { RunsModule } from '../runs/runs.module.js';
import { ConversationCareController } from './conversation-care.controller.js';
import { ConversationCareService } from './conversation-care.service.js';
import { ConversationsController } from './conversations.controller.js';
import { ConversationsService } from './conversations.service.js';
import { FeedbackController } from './feedback.controller.js';
import { MessagesController } from './messages.controller.js';
import { TurnsController } from './turns.controller.js';
import { TurnsService } from './turns.service.js';

@Module({
  imports: [RunsModule],
  controllers: [
    ConversationCareController,
    ConversationsController,
    FeedbackController,
    MessagesController,
    TurnsController,
  ],
  providers: [ConversationsService, ConversationCareService, TurnsService],
  exports: [ConversationsService, TurnsService],
})
export class ConversationsModule {}
