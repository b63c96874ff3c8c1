import { Module } from '@nestjs/common';
import { RunsModule } from '../runs/runs.module.js';
import { ConversationsController } from './conversations.controller.js';
import { ConversationsService } from './conversations.service.js';
import { MessagesController } from './messages.controller.js';
import { TurnsController } from './turns.controller.js';
import { TurnsService } from './turns.service.js';

@Module({
  imports: [RunsModule],
  controllers: [ConversationsController, MessagesController, TurnsController],
  providers: [ConversationsService, TurnsService],
})
export class ConversationsModule {}
