import { Module } from '@nestjs/common';
import { ConversationsModule } from '../conversations/conversations.module.js';
import { SpeechModule } from '../speech/speech.module.js';
import { SessionChatController } from './session-chat.controller.js';
import { SessionsService } from './sessions.service.js';
import { StreamingQueryController } from './streaming-query.controller.js';

/** Calls of chatbots that Parley takes the place of, as their clients make them. */
@Module({
  imports: [ConversationsModule, SpeechModule],
  controllers: [SessionChatController, StreamingQueryController],
  providers: [SessionsService],
})
export class ReplacedSystemsModule {}
