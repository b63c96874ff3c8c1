import { Module } from '@nestjs/common';
import { ConversationsModule } from '../conversations/conversations.module.js';
import { RunsModule } from '../runs/runs.module.js';
import { UiChatController } from './ui-chat.controller.js';
import { UiChatService } from './ui-chat.service.js';

@Module({ imports: [ConversationsModule, RunsModule], controllers: [UiChatController], providers: [UiChatService] })
export class UiChatModule {}
