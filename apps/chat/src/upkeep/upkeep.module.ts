import { Module } from '@nestjs/common';
import { ConversationsModule } from '../conversations/conversations.module.js';
import { UsageModule } from '../usage/usage.module.js';
import { BackgroundWork } from './background-work.js';
import { ConversationUpkeep } from './conversation-upkeep.js';

@Module({
  imports: [ConversationsModule, UsageModule],
  providers: [BackgroundWork, ConversationUpkeep],
  exports: [ConversationUpkeep],
})
export class UpkeepModule {}
